/** Other stacks, driven by commands of JSON in whatever process they live. */
@NullMarked
package dev.tautline.interop.peer;

import org.jspecify.annotations.NullMarked;

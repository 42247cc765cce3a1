/** How long two processes take to open a channel, Tautline and other stacks in turn. */
@NullMarked
package dev.tautline.benchmarks.opens;

import org.jspecify.annotations.NullMarked;

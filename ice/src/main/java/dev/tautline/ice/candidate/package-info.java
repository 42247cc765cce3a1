/** Priorities and foundations of candidates, and which addresses may be paired. */
@NullMarked
package dev.tautline.ice.candidate;

import org.jspecify.annotations.NullMarked;

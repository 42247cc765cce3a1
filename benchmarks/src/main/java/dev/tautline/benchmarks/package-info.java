/** Benchmarks: JMH for the hot paths, and comparisons of whole processes with other stacks. */
@NullMarked
package dev.tautline.benchmarks;

import org.jspecify.annotations.NullMarked;

/** Throughput of two processes on loopback, Tautline and other stacks in turn. */
@NullMarked
package dev.tautline.benchmarks.throughput;

import org.jspecify.annotations.NullMarked;

/** Many connections over one UDP port: set-up time, threads, memory, loss. */
@NullMarked
package dev.tautline.benchmarks.server;

import org.jspecify.annotations.NullMarked;

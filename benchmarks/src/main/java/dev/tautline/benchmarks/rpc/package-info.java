/** JMH benchmarks; one question per class, named in its Javadoc. */
@NullMarked
package dev.tautline.benchmarks.rpc;

import org.jspecify.annotations.NullMarked;

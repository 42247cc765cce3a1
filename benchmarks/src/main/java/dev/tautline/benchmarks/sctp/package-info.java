/** JMH benchmarks; one question per class, named in its Javadoc. */
@NullMarked
package dev.tautline.benchmarks.sctp;

import org.jspecify.annotations.NullMarked;

/** JMH benchmarks; one question per class, named in its Javadoc. */
@NullMarked
package dev.tautline.benchmarks.codec;

import org.jspecify.annotations.NullMarked;

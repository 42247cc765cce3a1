/**
 * Peers that mean harm: what they can make an association keep and do is bounded. Memory is
 * measured twice, on the heap and by the association's own accounting; work is counted in steps.
 */
@NullMarked
package dev.tautline.sctp.hostile;

import org.jspecify.annotations.NullMarked;

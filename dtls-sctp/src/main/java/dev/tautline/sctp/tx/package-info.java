/**
 * The sending half: what waits, what is outstanding, when it is lost, how fast it goes. Knows
 * nothing of the receiving half or of the association's states.
 */
@NullMarked
package dev.tautline.sctp.tx;

import org.jspecify.annotations.NullMarked;

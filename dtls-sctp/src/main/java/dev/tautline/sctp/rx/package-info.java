/**
 * The receiving half: which TSNs came, when to say so, and messages out of fragments. Knows nothing
 * of the sending half or of the association's states.
 */
@NullMarked
package dev.tautline.sctp.rx;

import org.jspecify.annotations.NullMarked;

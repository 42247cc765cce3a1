/**
 * The few lines of SDP that data channels need (RFC 8866, 8839, 8841, 8842, 9429): parsed leniently
 * from what other stacks write, written in the form that browsers write. Knows nothing of states.
 */
@NullMarked
package dev.tautline.datachannel.sdp;

import org.jspecify.annotations.NullMarked;

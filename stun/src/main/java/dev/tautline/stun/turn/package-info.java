/**
 * The TURN client of RFC 8656 as a state machine: one allocation, its permissions and channels, and
 * the long-term credentials of RFC 8489 section 9.2. No I/O: whoever drives it has the sockets.
 * Left out are TCP allocations (RFC 6062), EVEN-PORT and reservations, mobility and DTLS to the
 * server.
 */
@NullMarked
package dev.tautline.stun.turn;

import org.jspecify.annotations.NullMarked;

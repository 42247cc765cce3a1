/**
 * STUN, RFC 8489: messages, keys, and the client transaction as a state machine. No I/O; the bytes
 * are read and written in {@code codec}, attributes are records in {@code attribute}.
 */
@NullMarked
package dev.tautline.stun;

import org.jspecify.annotations.NullMarked;

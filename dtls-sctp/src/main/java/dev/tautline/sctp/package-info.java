/**
 * SCTP (RFC 9260) for data channels as an object without I/O: {@link
 * dev.tautline.sctp.Association}, its options, events and statistics. It knows neither DTLS nor
 * data channels; whoever owns a path hands packets in and asks for packets and events.
 */
@NullMarked
package dev.tautline.sctp;

import org.jspecify.annotations.NullMarked;

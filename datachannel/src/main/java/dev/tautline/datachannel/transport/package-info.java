/**
 * Joins ICE, DTLS and SCTP on one event loop: datagrams in, sealed packets out, one timer, one
 * wake-up per batch of calls from other threads. Knows nothing of channels and descriptions.
 */
@NullMarked
package dev.tautline.datachannel.transport;

import org.jspecify.annotations.NullMarked;

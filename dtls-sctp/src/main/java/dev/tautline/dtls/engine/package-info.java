/**
 * The engine of DTLS 1.2 as a state machine: reassembly and retransmission of handshake messages,
 * the way of records, alerts, the fingerprint check. Who computes the handshake's messages is
 * behind {@link dev.tautline.dtls.engine.HandshakeLink}; no library is named here.
 */
@NullMarked
package dev.tautline.dtls.engine;

import org.jspecify.annotations.NullMarked;

/**
 * DTLS for data channels: the engine's face, certificates, fingerprints, events. What runs the
 * handshake and what protects records lies in packages that are not exported. Sockets, ICE and SCTP
 * do not live here.
 */
@NullMarked
package dev.tautline.dtls;

import org.jspecify.annotations.NullMarked;

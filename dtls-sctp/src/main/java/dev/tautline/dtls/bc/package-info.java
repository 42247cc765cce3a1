/**
 * The only place that names Bouncy Castle: it computes the handshake, blocking, on a thread that is
 * not the connection's loop, and makes certificates. Once the handshake is done nothing of it is
 * kept.
 */
@NullMarked
package dev.tautline.dtls.bc;

import org.jspecify.annotations.NullMarked;

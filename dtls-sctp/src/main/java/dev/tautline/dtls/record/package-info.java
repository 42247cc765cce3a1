/**
 * Record protection of DTLS 1.2: record numbers, nonces, the replay window, sealing and opening
 * with AEAD ciphers of the JDK. Knows no handshake and no library.
 */
@NullMarked
package dev.tautline.dtls.record;

import org.jspecify.annotations.NullMarked;

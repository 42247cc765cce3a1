/** Relayed connections through coturn, over UDP, TCP and TLS, directly and through a proxy. */
@NullMarked
package dev.tautline.interop.turn;

import org.jspecify.annotations.NullMarked;

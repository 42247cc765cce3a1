/**
 * Relayed candidates: TURN allocations as endpoints, and what carries them to the server: a UDP
 * socket of the agent, TCP, or TLS, the latter two through an HTTP proxy where one is configured.
 */
@NullMarked
package dev.tautline.ice.turn;

import org.jspecify.annotations.NullMarked;

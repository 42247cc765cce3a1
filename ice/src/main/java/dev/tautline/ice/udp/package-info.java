/**
 * Event loops and UDP sockets on Netty: receiving with coalescing (GRO), sending in batches of
 * equal size (GSO) with a fallback to single datagrams. Above this package only byte arrays are
 * seen.
 */
@NullMarked
package dev.tautline.ice.udp;

import org.jspecify.annotations.NullMarked;

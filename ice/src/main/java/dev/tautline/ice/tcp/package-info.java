/**
 * Outgoing TCP and TLS connections on Netty, directly or through an HTTP proxy. Above this package
 * only byte arrays are seen.
 */
@NullMarked
package dev.tautline.ice.tcp;

import org.jspecify.annotations.NullMarked;

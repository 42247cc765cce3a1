/**
 * Multicast DNS (RFC 6762) as far as ICE needs it: messages with addresses of hosts, and a
 * responder for names of our own. No sockets, no clock, no services.
 */
@NullMarked
package dev.tautline.ice.mdns;

import org.jspecify.annotations.NullMarked;

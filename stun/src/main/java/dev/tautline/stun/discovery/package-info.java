/** What a NAT does, by asking a STUN server with two addresses: RFC 5780. No sockets, no clock. */
@NullMarked
package dev.tautline.stun.discovery;

import org.jspecify.annotations.NullMarked;

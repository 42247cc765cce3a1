/**
 * The client of a rooms server, on Netty's HTTP and WebSocket codecs. {@link
 * dev.tautline.signalling.client.RoomMember} speaks the protocol and knows nothing of peer
 * connections; {@link dev.tautline.signalling.client.Room} joins the two.
 */
@NullMarked
package dev.tautline.signalling.client;

import org.jspecify.annotations.NullMarked;

/**
 * Peer connections and data channels with the W3C's names and semantics and Java's manners: {@link
 * dev.tautline.datachannel.Tautline} is the runtime, {@link
 * dev.tautline.datachannel.PeerConnection} one session, {@link
 * dev.tautline.datachannel.DataChannel} one channel.
 *
 * <p>Callbacks run on the connection's event loop unless an executor was given: they must not
 * block. No audio, no video, no signalling.
 */
@NullMarked
package dev.tautline.datachannel;

import org.jspecify.annotations.NullMarked;

/**
 * The rooms server on Netty: HTTP, WebSocket, the pages, limits, origin and host checks. What
 * happens in rooms is decided in {@link dev.tautline.signalling.room}.
 */
@NullMarked
package dev.tautline.signalling.server;

import org.jspecify.annotations.NullMarked;

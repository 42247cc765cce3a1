/**
 * Comlink-compatible RPC over any ordered text channel: the public face.
 *
 * <p>{@link dev.tautline.rpc.Rpc#connect} puts an {@link dev.tautline.rpc.RpcConnection} on an
 * endpoint; the connection exposes one object and calls the peer's. The wire format is that of npm
 * {@code comlink} 4 behind a string channel adapter ("framing S"), so an unmodified page can be on
 * the other side. What is not here: how frames travel ({@code endpoint}), how they are cut ({@code
 * frame}), how values become JSON ({@code codec}).
 */
@NullMarked
package dev.tautline.rpc;

import org.jspecify.annotations.NullMarked;

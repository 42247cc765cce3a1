package dev.tautline.ice;

/**
 * The pair that carries data.
 *
 * @param local our candidate
 * @param remote the peer's candidate
 */
public record SelectedPair(IceCandidate local, IceCandidate remote) {}

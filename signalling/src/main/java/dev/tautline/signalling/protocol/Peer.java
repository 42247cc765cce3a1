package dev.tautline.signalling.protocol;

/**
 * Another member of the room.
 *
 * @param slot where it sits
 * @param member its number; no later member of the room's incarnation has the same
 */
public record Peer(Slot slot, long member) {}

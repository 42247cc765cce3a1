package dev.tautline.signalling.room;

import dev.tautline.signalling.protocol.RoomName;
import dev.tautline.signalling.protocol.Slot;

/**
 * Names one member for good: no other member of any room ever has an equal reference. Whoever holds
 * one has shown the token.
 *
 * @param room the room's name
 * @param incarnation which life of the room
 * @param member the member's number in that life, from 1
 * @param slot where the member sits
 */
public record MemberRef(RoomName room, long incarnation, long member, Slot slot) {}

package dev.tautline.signalling.room;

import dev.tautline.signalling.protocol.RoomEvent;

/**
 * An event in a member's mailbox.
 *
 * @param number counts the member's events from 1 without gaps
 * @param event what happened
 */
public record NumberedEvent(long number, RoomEvent event) {}

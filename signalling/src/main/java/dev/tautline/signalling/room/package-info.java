/**
 * Rooms, slots, tokens and events as pure logic: no network, no clock (time is an argument), no
 * threads of its own. {@link dev.tautline.signalling.room.RoomStore} is the face towards the
 * server, so that several servers can share their rooms through another store.
 */
@NullMarked
package dev.tautline.signalling.room;

import org.jspecify.annotations.NullMarked;

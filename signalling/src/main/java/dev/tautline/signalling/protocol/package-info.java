/**
 * The rooms protocol's messages as records, their JSON form, its version and its problems: {@code
 * docs/rooms-protocol.md} in Java. No network and no state live here, and nothing outside this
 * package names Jackson.
 */
@NullMarked
package dev.tautline.signalling.protocol;

import org.jspecify.annotations.NullMarked;

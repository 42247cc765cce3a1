/** Reads STUN messages from hostile bytes and writes them with their integrity and fingerprint. */
@NullMarked
package dev.tautline.stun.codec;

import org.jspecify.annotations.NullMarked;

/**
 * SCTP's wire format: packets, chunks, parameters, error causes, the checksum. No behaviour lives
 * here.
 */
@NullMarked
package dev.tautline.sctp.packet;

import org.jspecify.annotations.NullMarked;

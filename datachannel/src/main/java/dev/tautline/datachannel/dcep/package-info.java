/**
 * The Data Channel Establishment Protocol (RFC 8832): its two messages and who may use which stream
 * id. No behaviour of channels lives here.
 */
@NullMarked
package dev.tautline.datachannel.dcep;

import org.jspecify.annotations.NullMarked;

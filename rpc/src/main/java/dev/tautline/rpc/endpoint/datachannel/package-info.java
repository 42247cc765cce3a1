/** A data channel as the carrier: the only package that names {@code datachannel}. */
@NullMarked
package dev.tautline.rpc.endpoint.datachannel;

import org.jspecify.annotations.NullMarked;

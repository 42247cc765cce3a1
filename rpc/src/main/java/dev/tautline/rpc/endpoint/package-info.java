/**
 * What carries frames: one reliable, ordered text channel, and carriers that need no other module.
 * Knows nothing of what the text says.
 */
@NullMarked
package dev.tautline.rpc.endpoint;

import org.jspecify.annotations.NullMarked;

/**
 * Framing S: the messages of many ports on one text channel, with ports and bytes taken out of the
 * data; large frames cut into chunks and put together again. Knows nothing of calls.
 */
@NullMarked
package dev.tautline.rpc.frame;

import org.jspecify.annotations.NullMarked;

/** SCTP packets of sessions with other stacks, in plain. */
@NullMarked
package dev.tautline.interop.capture;

import org.jspecify.annotations.NullMarked;

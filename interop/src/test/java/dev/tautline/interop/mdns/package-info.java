/** Names of ours that stand for addresses, looked up by other people's programs. */
@NullMarked
package dev.tautline.interop.mdns;

import org.jspecify.annotations.NullMarked;

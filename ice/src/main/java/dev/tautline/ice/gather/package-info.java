/**
 * Where candidates come from: the host's addresses, STUN servers asked over the same sockets, names
 * resolved without blocking a loop (DNS for servers, multicast DNS for the peer's candidates).
 */
@NullMarked
package dev.tautline.ice.gather;

import org.jspecify.annotations.NullMarked;

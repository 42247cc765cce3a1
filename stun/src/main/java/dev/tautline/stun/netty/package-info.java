/** The machines of STUN on Netty: a binding client and a small binding server. */
@NullMarked
package dev.tautline.stun.netty;

import org.jspecify.annotations.NullMarked;

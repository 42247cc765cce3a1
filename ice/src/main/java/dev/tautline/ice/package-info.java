/**
 * The ICE agent as the layers above see it: a runtime that owns loops and sockets, an agent per
 * connection, candidates, states, the way for datagrams and the report of what happened. No type of
 * a dependency appears here.
 */
@NullMarked
package dev.tautline.ice;

import org.jspecify.annotations.NullMarked;

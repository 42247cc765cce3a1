/**
 * Drives the agent's logic: joins sockets, gathering, checks and the layer above on one loop. Named
 * by {@code IceRuntime} alone.
 */
@NullMarked
package dev.tautline.ice.agent;

import org.jspecify.annotations.NullMarked;

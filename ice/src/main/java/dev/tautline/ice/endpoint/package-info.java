/**
 * What a base is to the agent: something that datagrams leave from and arrive at. A UDP socket is
 * one; a TURN allocation, a TCP connection and a share of a common port are others. Interfaces
 * alone: the carriers implement them and the agent uses them, so that neither names the other.
 */
@NullMarked
package dev.tautline.ice.endpoint;

import org.jspecify.annotations.NullMarked;

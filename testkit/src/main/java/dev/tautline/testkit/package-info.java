/**
 * A network in virtual time for protocol objects without I/O, and a link in real time between two
 * UDP sockets. Both can delay, lose, reorder, repeat, damage and throttle packets, and do the same
 * again when given the same seed. No protocol lives here.
 */
@NullMarked
package dev.tautline.testkit;

import org.jspecify.annotations.NullMarked;

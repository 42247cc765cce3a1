/**
 * The logic of the agent without I/O: check list, pacing, nomination, role conflicts, answers to
 * checks, consent, time line. Time, randomness and datagrams are given; what to send and what
 * happened is asked for.
 */
@NullMarked
package dev.tautline.ice.check;

import org.jspecify.annotations.NullMarked;

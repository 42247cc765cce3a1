/**
 * Fuzz targets of what needs no inside view, and what they all share: the limits of time and memory
 * that no input may pass. The only SCTP tests that ask the platform for figures of a thread.
 */
@NullMarked
package dev.tautline.sctp.fuzz;

import org.jspecify.annotations.NullMarked;

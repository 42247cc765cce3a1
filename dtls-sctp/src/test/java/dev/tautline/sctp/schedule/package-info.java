/** Seeded schedules: whole associations with random loads, faults and ends, thousands of them. */
@NullMarked
package dev.tautline.sctp.schedule;

import org.jspecify.annotations.NullMarked;

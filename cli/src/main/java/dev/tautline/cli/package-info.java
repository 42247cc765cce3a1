/**
 * The {@code tautline} command: the demo, the rooms server, and a connection by copy and paste.
 * Reads and prints; all protocol work is done by the modules below.
 */
@NullMarked
package dev.tautline.cli;

import org.jspecify.annotations.NullMarked;

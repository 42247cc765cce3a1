/**
 * Checked reader and writer for wire formats, serial numbers, timers and back-off, and the face
 * that every protocol object shares. No protocol lives here, and nothing here does I/O.
 */
@NullMarked
package dev.tautline.base;

import org.jspecify.annotations.NullMarked;

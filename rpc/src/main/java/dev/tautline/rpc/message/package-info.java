/**
 * The messages of Comlink 4 as records, and how they are read from and written to values. No
 * behaviour: serving and calling are in {@code session}.
 */
@NullMarked
package dev.tautline.rpc.message;

import org.jspecify.annotations.NullMarked;

/**
 * Java values to JavaScript values and back, by declared types: nothing on the wire ever chooses a
 * class. {@code codec.json} turns JavaScript values into text and is the only place that names
 * Jackson.
 */
@NullMarked
package dev.tautline.rpc.codec;

import org.jspecify.annotations.NullMarked;

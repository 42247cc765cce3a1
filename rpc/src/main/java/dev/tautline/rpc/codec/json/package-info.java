/** JSON text, read with Jackson's streaming parser: the only package that names Jackson. */
@NullMarked
package dev.tautline.rpc.codec.json;

import org.jspecify.annotations.NullMarked;

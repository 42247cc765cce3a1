/** The one exception of server and client; everything else is in the packages below. */
@NullMarked
package dev.tautline.signalling;

import org.jspecify.annotations.NullMarked;

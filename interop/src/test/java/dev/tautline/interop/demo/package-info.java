/** The demo of the runnable jar with a page in the place of one JVM. */
@NullMarked
package dev.tautline.interop.demo;

import org.jspecify.annotations.NullMarked;

/**
 * Tests against things that are not ours: browsers, other stacks, OpenSSL. Each peer runs in a
 * process of its own.
 */
@NullMarked
package dev.tautline.interop;

import org.jspecify.annotations.NullMarked;

/**
 * One record per STUN attribute: RFC 8489 section 14, RFC 8445 section 16.1, RFC 8656 section 18.
 */
@NullMarked
package dev.tautline.stun.attribute;

import org.jspecify.annotations.NullMarked;

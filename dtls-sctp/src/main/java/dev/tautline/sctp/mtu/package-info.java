/** How large packets may be: RFC 8899. Knows nothing of chunks or of the association's states. */
@NullMarked
package dev.tautline.sctp.mtu;

import org.jspecify.annotations.NullMarked;

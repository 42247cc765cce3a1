/** Our DTLS engine against OpenSSL's command-line tools, on loopback, without ICE and SCTP. */
@NullMarked
package dev.tautline.interop.openssl;

import org.jspecify.annotations.NullMarked;

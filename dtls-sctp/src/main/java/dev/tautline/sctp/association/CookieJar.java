package dev.tautline.sctp.association;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.sctp.packet.Octets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs cookies and takes only those it signed: HMAC-SHA-256 with a secret of this association, RFC
 * 9260 section 5.1.3.
 */
final class CookieJar {
  private static final String ALGORITHM = "HmacSHA256";
  private static final int MAC_BYTES = 32;

  private final Mac mac;

  CookieJar(RandomGenerator random) {
    byte[] secret = new byte[MAC_BYTES];
    random.nextBytes(secret);
    try {
      mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(secret, ALGORITHM));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java runtime has " + ALGORITHM, e);
    }
  }

  Octets sign(StateCookie cookie) {
    var out = new WireWriter(StateCookie.BYTES + MAC_BYTES);
    cookie.write(out);
    mac.update(out.array(), 0, StateCookie.BYTES);
    out.bytes(mac.doFinal());
    return Octets.copyOf(out.array());
  }

  /** The cookie, or nothing when it was not signed here or was edited. */
  Optional<StateCookie> open(Octets signed) {
    if (signed.length() != StateCookie.BYTES + MAC_BYTES) {
      return Optional.empty();
    }
    byte[] bytes = signed.toByteArray();
    mac.update(bytes, 0, StateCookie.BYTES);
    byte[] claimed = Arrays.copyOfRange(bytes, StateCookie.BYTES, bytes.length);
    if (!MessageDigest.isEqual(mac.doFinal(), claimed)) {
      return Optional.empty();
    }
    try {
      return Optional.of(StateCookie.parse(new WireReader(bytes, 0, StateCookie.BYTES)));
    } catch (WireFormatException e) {
      throw new IllegalStateException("a cookie that was signed here is shorter than itself", e);
    }
  }
}

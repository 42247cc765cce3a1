package dev.tautline.dtls.engine;

import dev.tautline.dtls.Fingerprint;
import java.util.List;

/**
 * Whether a certificate is the announced one.
 *
 * <p>Thread rule: written by the loop, read by any thread.
 */
public final class PeerTrust {
  /** The answer. */
  public enum Verdict {
    /** A fingerprint matches. */
    MATCH,
    /** None does. */
    MISMATCH,
    /** No fingerprint is known yet. */
    UNKNOWN
  }

  private volatile List<Fingerprint> strongest = List.of();

  void announce(List<Fingerprint> fingerprints) {
    List<Fingerprint> chosen = Fingerprint.strongest(fingerprints);
    if (chosen.isEmpty()) {
      throw new IllegalArgumentException("no fingerprint of a supported hash in " + fingerprints);
    }
    strongest = chosen;
  }

  /** Judges the peer's certificate, DER. */
  public Verdict judge(byte[] certificate) {
    List<Fingerprint> known = strongest;
    if (known.isEmpty()) {
      return Verdict.UNKNOWN;
    }
    boolean matches = false;
    for (Fingerprint fingerprint : known) {
      matches |= fingerprint.matches(certificate);
    }
    return matches ? Verdict.MATCH : Verdict.MISMATCH;
  }
}

package dev.tautline.datachannel.sdp;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The values of {@code a=setup} (RFC 4145 section 4, RFC 8842 section 5). */
public enum SdpSetup {
  /** Will be the DTLS client. */
  ACTIVE,
  /** Will be the DTLS server. */
  PASSIVE,
  /** Can be either; the answerer chooses. Offers only. */
  ACTPASS,
  /** Wants no connection now; refused. */
  HOLDCONN;

  static @Nullable SdpSetup of(String value) {
    for (SdpSetup setup : values()) {
      if (setup.toString().equalsIgnoreCase(value)) {
        return setup;
      }
    }
    return null;
  }

  /** As it stands in SDP. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

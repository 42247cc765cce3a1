package dev.tautline.dtls.bc;

import java.io.IOException;
import java.util.Hashtable;
import org.bouncycastle.tls.SRTPProtectionProfile;
import org.bouncycastle.tls.TlsSRTPUtils;
import org.bouncycastle.tls.TlsUtils;
import org.bouncycastle.tls.UseSRTPData;
import org.jspecify.annotations.Nullable;

/**
 * The use_srtp extension, RFC 5764 section 4.1. No media runs over our connections; we speak of it
 * because every browser does, so that peers have come to count on it: werift 0.25 ends a connection
 * whose handshake lacked it.
 */
@SuppressWarnings({"rawtypes", "JdkObsolete", "NonApiType"}) // Bouncy Castle's signatures.
final class UseSrtp {
  /** libwebrtc's, in its order. */
  private static final int[] PROFILES = {
    SRTPProtectionProfile.SRTP_AEAD_AES_256_GCM,
    SRTPProtectionProfile.SRTP_AEAD_AES_128_GCM,
    SRTPProtectionProfile.SRTP_AES128_CM_HMAC_SHA1_80
  };

  private UseSrtp() {}

  /** As the client: offers the profiles. */
  static void offer(Hashtable clientExtensions) throws IOException {
    TlsSRTPUtils.addUseSRTPExtension(
        clientExtensions, new UseSRTPData(PROFILES.clone(), TlsUtils.EMPTY_BYTES));
  }

  /** As the server: takes the first of our profiles that the client offered, if any. */
  static void answer(@Nullable Hashtable clientExtensions, Hashtable serverExtensions)
      throws IOException {
    UseSRTPData offered = TlsSRTPUtils.getUseSRTPExtension(clientExtensions);
    if (offered == null) {
      return;
    }
    for (int profile : PROFILES) {
      for (int candidate : offered.getProtectionProfiles()) {
        if (candidate == profile) {
          TlsSRTPUtils.addUseSRTPExtension(
              serverExtensions, new UseSRTPData(new int[] {profile}, TlsUtils.EMPTY_BYTES));
          return;
        }
      }
    }
  }
}

package dev.tautline.dtls.bc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Hashtable;
import org.bouncycastle.tls.SRTPProtectionProfile;
import org.bouncycastle.tls.TlsSRTPUtils;
import org.bouncycastle.tls.UseSRTPData;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("dtls")
class UseSrtpTest {
  private static Hashtable<Object, Object> offerOf(int... profiles) throws IOException {
    var extensions = new Hashtable<Object, Object>();
    TlsSRTPUtils.addUseSRTPExtension(extensions, new UseSRTPData(profiles, new byte[0]));
    return extensions;
  }

  @Test
  void theServerTakesOneProfileThatTheClientOffered() throws IOException {
    var answer = new Hashtable<Object, Object>();
    UseSrtp.answer(
        offerOf(
            SRTPProtectionProfile.SRTP_AES128_CM_HMAC_SHA1_32,
            SRTPProtectionProfile.SRTP_AES128_CM_HMAC_SHA1_80,
            SRTPProtectionProfile.SRTP_AEAD_AES_128_GCM),
        answer);

    assertThat(TlsSRTPUtils.getUseSRTPExtension(answer).getProtectionProfiles())
        .containsExactly(SRTPProtectionProfile.SRTP_AEAD_AES_128_GCM);
  }

  @Test
  void theServerSaysNothingWhenNothingFits() throws IOException {
    var answer = new Hashtable<Object, Object>();
    UseSrtp.answer(offerOf(SRTPProtectionProfile.SRTP_NULL_HMAC_SHA1_32), answer);
    UseSrtp.answer(new Hashtable<Object, Object>(), answer);
    UseSrtp.answer(null, answer);

    assertThat(answer).isEmpty();
  }

  @Test
  void theClientOffersWhatTheServerTakes() throws IOException {
    var offer = new Hashtable<Object, Object>();
    UseSrtp.offer(offer);
    var answer = new Hashtable<Object, Object>();
    UseSrtp.answer(offer, answer);

    assertThat(answer).hasSize(1);
  }
}

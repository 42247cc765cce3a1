package dev.tautline.dtls;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("dtls")
class DtlsHandshakeTest {
  @Test
  void twoEnginesAgreeAndExchangeData() {
    try (var pair = new DtlsPair().established()) {
      var established = pair.client.event(DtlsEvent.Established.class).orElseThrow();
      assertThat(established.cipherSuite()).isEqualTo("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
      assertThat(established.peerCertificate())
          .isEqualTo(DtlsPair.SERVER_CERTIFICATE.certificateDer());

      pair.sendData(pair.client, "to the server".getBytes(UTF_8));
      pair.sendData(pair.server, "to the client".getBytes(UTF_8));

      assertThat(
              pair.runUntil(
                  () -> !pair.client.received.isEmpty() && !pair.server.received.isEmpty(),
                  Duration.ofSeconds(1)))
          .isTrue();
      assertThat(pair.server.received).containsExactly("to the server".getBytes(UTF_8));
      assertThat(pair.client.received).containsExactly("to the client".getBytes(UTF_8));
    }
  }
}

package dev.tautline.dtls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayInputStream;
import java.security.KeyPairGenerator;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("dtls")
class DtlsCertificateTest {
  private static X509Certificate parse(DtlsCertificate certificate) throws Exception {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(certificate.certificateDer()));
  }

  @Test
  void isSelfSignedOnP256ForThirtyDays() throws Exception {
    X509Certificate certificate = parse(DtlsCertificate.generate());

    certificate.verify(certificate.getPublicKey());
    assertThat(certificate.getSigAlgName()).isEqualTo("SHA256withECDSA");
    assertThat(((ECPublicKey) certificate.getPublicKey()).getParams().getOrder().bitLength())
        .isEqualTo(256);
    Instant now = Instant.now();
    assertThat(certificate.getNotBefore().toInstant())
        .isBetween(now.minus(Duration.ofHours(25)), now.minus(Duration.ofHours(23)));
    assertThat(certificate.getNotAfter().toInstant())
        .isBetween(now.plus(Duration.ofDays(29)), now.plus(Duration.ofDays(31)));
  }

  @Test
  void saysNothingThatTwoOfThemShare() throws Exception {
    X509Certificate one = parse(DtlsCertificate.generate());
    X509Certificate two = parse(DtlsCertificate.generate());

    assertThat(one.getSerialNumber()).isNotEqualTo(two.getSerialNumber()).isPositive();
    assertThat(one.getSubjectX500Principal()).isNotEqualTo(two.getSubjectX500Principal());
    assertThat(one.getPublicKey()).isNotEqualTo(two.getPublicKey());
  }

  @Test
  void canBeKeptAndUsedAgain() {
    DtlsCertificate made = DtlsCertificate.generate();
    DtlsCertificate again = DtlsCertificate.of(made.certificateDer(), made.privateKey());

    assertThat(again.fingerprint()).isEqualTo(made.fingerprint());
    assertThat(again.toString()).contains(made.fingerprint().value());
  }

  @Test
  void refusesAKeyItCannotSignWith() throws Exception {
    var rsa = KeyPairGenerator.getInstance("RSA").generateKeyPair().getPrivate();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> DtlsCertificate.of(DtlsPair.CLIENT_CERTIFICATE.certificateDer(), rsa));
  }
}

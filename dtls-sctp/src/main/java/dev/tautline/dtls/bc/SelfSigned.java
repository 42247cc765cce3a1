package dev.tautline.dtls.bc;

import dev.tautline.dtls.DtlsCertificate;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.HexFormat;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.crypto.generators.ECKeyPairGenerator;
import org.bouncycastle.crypto.params.ECKeyGenerationParameters;
import org.bouncycastle.crypto.params.ECNamedDomainParameters;
import org.bouncycastle.crypto.util.PrivateKeyInfoFactory;
import org.bouncycastle.crypto.util.SubjectPublicKeyInfoFactory;
import org.bouncycastle.operator.DefaultDigestAlgorithmIdentifierFinder;
import org.bouncycastle.operator.DefaultSignatureAlgorithmIdentifierFinder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.bc.BcECContentSignerBuilder;

/** Makes certificates that say nothing about who holds them, RFC 8827 section 6.5. */
public final class SelfSigned {
  private static final Duration LIFETIME = Duration.ofDays(30);
  private static final Duration BACKDATED = Duration.ofDays(1);

  private SelfSigned() {}

  /** A new P-256 key and a certificate for it, valid from a day ago for thirty days from now. */
  public static DtlsCertificate generate(SecureRandom random, Instant now) {
    try {
      var generator = new ECKeyPairGenerator();
      generator.init(
          new ECKeyGenerationParameters(
              new ECNamedDomainParameters(
                  SECObjectIdentifiers.secp256r1,
                  CustomNamedCurves.getByOID(SECObjectIdentifiers.secp256r1)),
              random));
      AsymmetricCipherKeyPair pair = generator.generateKeyPair();
      AlgorithmIdentifier signature =
          new DefaultSignatureAlgorithmIdentifierFinder().find("SHA256withECDSA");
      AlgorithmIdentifier digest = new DefaultDigestAlgorithmIdentifierFinder().find(signature);
      byte[] commonName = new byte[8];
      random.nextBytes(commonName);
      var name = new X500Name("CN=" + HexFormat.of().formatHex(commonName));
      var builder =
          new X509v3CertificateBuilder(
              name,
              // Positive, as RFC 5280 section 4.1.2.2 wants it.
              new BigInteger(63, random).add(BigInteger.ONE),
              Date.from(now.minus(BACKDATED)),
              Date.from(now.plus(LIFETIME)),
              name,
              SubjectPublicKeyInfoFactory.createSubjectPublicKeyInfo(pair.getPublic()));
      byte[] der =
          builder
              .build(new BcECContentSignerBuilder(signature, digest).build(pair.getPrivate()))
              .getEncoded();
      PrivateKey key =
          KeyFactory.getInstance("EC")
              .generatePrivate(
                  new PKCS8EncodedKeySpec(
                      PrivateKeyInfoFactory.createPrivateKeyInfo(pair.getPrivate()).getEncoded()));
      return DtlsCertificate.of(der, key);
    } catch (IOException | GeneralSecurityException | OperatorCreationException e) {
      throw new IllegalStateException("cannot make a certificate", e);
    }
  }
}

package dev.tautline.dtls.bc;

import dev.tautline.dtls.DtlsCipherSuite;
import dev.tautline.dtls.DtlsOptions;
import dev.tautline.dtls.engine.HandshakeLink;
import dev.tautline.dtls.engine.HandshakeOutcome;
import dev.tautline.dtls.record.AeadAlgorithm;
import dev.tautline.dtls.record.RecordNumbers;
import dev.tautline.dtls.record.RecordOpener;
import dev.tautline.dtls.record.RecordSealer;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.function.Consumer;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.EncryptionAlgorithm;
import org.bouncycastle.tls.NamedGroup;
import org.bouncycastle.tls.SecurityParameters;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.crypto.TlsCipher;
import org.bouncycastle.tls.crypto.TlsCryptoParameters;
import org.bouncycastle.tls.crypto.TlsECConfig;
import org.bouncycastle.tls.crypto.TlsECDomain;
import org.bouncycastle.tls.crypto.impl.TlsImplUtils;
import org.bouncycastle.tls.crypto.impl.bc.BcTlsCrypto;
import org.jspecify.annotations.Nullable;

/**
 * Bouncy Castle's cryptography with our record protection: key agreement, signatures and the PRF
 * are its, the cipher is ours. One for each handshake.
 */
final class SealingCrypto extends BcTlsCrypto {
  /** A full handshake without renegotiation protects epoch 1 and no other. */
  private static final int EPOCH = 1;

  private final HandshakeLink link;
  private final LinkTransport transport;
  private final DtlsOptions options;
  private final EarlyX25519 x25519;
  private @Nullable SealingCipher cipher;
  private String cipherSuiteName = "";

  SealingCrypto(
      SecureRandom random, HandshakeLink link, LinkTransport transport, DtlsOptions options)
      throws IOException {
    super(random);
    this.link = link;
    this.transport = transport;
    this.options = options;
    this.x25519 = new EarlyX25519(this);
  }

  @Override
  public TlsECDomain createECDomain(TlsECConfig config) {
    return config.getNamedGroup() == NamedGroup.x25519 ? x25519 : super.createECDomain(config);
  }

  RecordOpener opener() {
    SealingCipher made = cipher;
    if (made == null) {
      throw new IllegalStateException("the handshake ended without keys");
    }
    return made.opener();
  }

  String cipherSuiteName() {
    return cipherSuiteName;
  }

  @Override
  public TlsCipher createCipher(
      TlsCryptoParameters parameters, int encryptionAlgorithm, int macAlgorithm)
      throws IOException {
    AeadAlgorithm algorithm =
        switch (encryptionAlgorithm) {
          case EncryptionAlgorithm.AES_128_GCM -> AeadAlgorithm.AES_128_GCM;
          case EncryptionAlgorithm.AES_256_GCM -> AeadAlgorithm.AES_256_GCM;
          case EncryptionAlgorithm.CHACHA20_POLY1305 -> AeadAlgorithm.CHACHA20_POLY1305;
          default -> throw new TlsFatalAlert(AlertDescription.handshake_failure);
        };
    SecurityParameters security = parameters.getSecurityParametersHandshake();
    cipherSuiteName = nameOf(security.getCipherSuite());
    options.keyLog().ifPresent(log -> logKeys(log, security));

    // client_write_key, server_write_key, client_write_IV, server_write_IV: RFC 5246 section 6.3;
    // AEAD ciphers have no MAC keys.
    int keyBytes = algorithm.keyBytes();
    int ivBytes = algorithm.fixedIvBytes();
    byte[] block = TlsImplUtils.calculateKeyBlock(parameters, 2 * (keyBytes + ivBytes));
    byte[] clientKey = Arrays.copyOfRange(block, 0, keyBytes);
    byte[] serverKey = Arrays.copyOfRange(block, keyBytes, 2 * keyBytes);
    byte[] clientIv = Arrays.copyOfRange(block, 2 * keyBytes, 2 * keyBytes + ivBytes);
    byte[] serverIv = Arrays.copyOfRange(block, 2 * keyBytes + ivBytes, block.length);
    boolean server = parameters.isServer();
    byte[] ownKey = server ? serverKey : clientKey;
    byte[] ownIv = server ? serverIv : clientIv;
    byte[] peerKey = server ? clientKey : serverKey;
    byte[] peerIv = server ? clientIv : serverIv;

    var numbers = new RecordNumbers(EPOCH);
    link.publish(new HandshakeOutcome.Keys(new RecordSealer(algorithm, ownKey, ownIv, numbers)));
    var made =
        new SealingCipher(
            new RecordSealer(algorithm, ownKey, ownIv, numbers),
            new RecordOpener(algorithm, peerKey, peerIv),
            transport);
    for (byte[] secret : new byte[][] {block, clientKey, serverKey, clientIv, serverIv}) {
      Arrays.fill(secret, (byte) 0);
    }
    cipher = made;
    return made;
  }

  /** A line of NSS's key log format. Only ever called because the application asked for it. */
  private void logKeys(Consumer<String> log, SecurityParameters security) {
    HexFormat hex = HexFormat.of();
    log.accept(
        "CLIENT_RANDOM "
            + hex.formatHex(security.getClientRandom())
            + " "
            + hex.formatHex(adoptSecret(security.getMasterSecret()).extract()));
  }

  private static String nameOf(int code) {
    for (DtlsCipherSuite suite : DtlsCipherSuite.values()) {
      if (suite.code() == code) {
        return suite.ianaName();
      }
    }
    return String.format(Locale.ROOT, "0x%04x", code);
  }
}

package dev.tautline.dtls.bc;

import java.io.IOException;
import org.bouncycastle.tls.crypto.TlsAgreement;
import org.bouncycastle.tls.crypto.impl.bc.BcTlsCrypto;
import org.bouncycastle.tls.crypto.impl.bc.BcX25519;
import org.bouncycastle.tls.crypto.impl.bc.BcX25519Domain;
import org.jspecify.annotations.Nullable;

/**
 * X25519 whose first key pair is made before anybody asks for it: while the handshake waits for its
 * path rather than between two flights. For one handshake, which needs one pair.
 */
final class EarlyX25519 extends BcX25519Domain {
  private @Nullable TlsAgreement ready;

  EarlyX25519(BcTlsCrypto crypto) throws IOException {
    super(crypto);
    ready = new Pair(crypto);
  }

  @Override
  public TlsAgreement createECDH() {
    TlsAgreement pair = ready;
    ready = null;
    return pair == null ? super.createECDH() : pair;
  }

  private static final class Pair extends BcX25519 {
    private final byte[] publicKey;

    Pair(BcTlsCrypto crypto) throws IOException {
      super(crypto);
      publicKey = super.generateEphemeral();
    }

    @Override
    public byte[] generateEphemeral() {
      return publicKey.clone();
    }
  }
}

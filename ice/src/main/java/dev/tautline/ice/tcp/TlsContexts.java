package dev.tautline.ice.tcp;

import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** What certificates are trusted. Reading them blocks, so this is not called on a loop. */
public final class TlsContexts {
  private TlsContexts() {}

  /**
   * A context for clients.
   *
   * @param trust whose certificates are trusted; empty for those that the JDK trusts
   * @throws IllegalStateException if the store cannot be used
   */
  public static SSLContext client(Optional<KeyStore> trust) {
    try {
      if (trust.isEmpty()) {
        return SSLContext.getDefault();
      }
      var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(trust.get());
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, factory.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the trust store for TURN over TLS cannot be used", e);
    }
  }
}

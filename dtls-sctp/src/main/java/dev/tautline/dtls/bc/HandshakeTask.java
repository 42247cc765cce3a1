package dev.tautline.dtls.bc;

import dev.tautline.dtls.DtlsFailure;
import dev.tautline.dtls.DtlsOptions;
import dev.tautline.dtls.DtlsRole;
import dev.tautline.dtls.engine.Alerts;
import dev.tautline.dtls.engine.ComputeGate;
import dev.tautline.dtls.engine.GatedTask;
import dev.tautline.dtls.engine.HandshakeCancelledException;
import dev.tautline.dtls.engine.HandshakeLink;
import dev.tautline.dtls.engine.HandshakeOutcome;
import dev.tautline.dtls.engine.PeerTrust;
import java.io.IOException;
import java.security.SecureRandom;
import org.bouncycastle.tls.DTLSClientProtocol;
import org.bouncycastle.tls.DTLSServerProtocol;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsFatalAlertReceived;
import org.bouncycastle.tls.TlsTimeoutException;

/**
 * One handshake, computed by Bouncy Castle from the first message to the last. It blocks whenever
 * it waits for the peer, so it has a thread to itself.
 */
public final class HandshakeTask implements GatedTask {
  private final DtlsOptions options;
  private final DtlsRole role;
  private final OwnIdentity own;
  private final HandshakeLink link;
  private final PeerTrust trust;
  private final SecureRandom random;

  /** A task that was not run. */
  public HandshakeTask(
      DtlsOptions options,
      DtlsRole role,
      OwnIdentity own,
      HandshakeLink link,
      PeerTrust trust,
      SecureRandom random) {
    this.options = options;
    this.role = role;
    this.own = own;
    this.link = link;
    this.trust = trust;
    this.random = random;
  }

  @Override
  public void run(ComputeGate gate) {
    gate.enter();
    try {
      link.end(handshake(gate));
    } finally {
      gate.leave();
    }
  }

  private HandshakeOutcome handshake(ComputeGate gate) {
    var transport = new LinkTransport(link, gate, options.maxHandshakeDatagramBytes());
    SealingCrypto crypto;
    try {
      crypto = new SealingCrypto(random, link, transport, options);
    } catch (IOException e) {
      return new HandshakeOutcome.Broken(DtlsFailure.INTERNAL_ERROR, message(e));
    }
    var peer = new PeerCertificates(crypto, own, trust);
    try {
      if (role == DtlsRole.CLIENT) {
        new DTLSClientProtocol().connect(new HandshakeClient(crypto, peer, options), transport);
      } else {
        new DTLSServerProtocol().accept(new HandshakeServer(crypto, peer, options), transport);
      }
      return new HandshakeOutcome.Succeeded(
          crypto.cipherSuiteName(), peer.peerCertificate(), crypto.opener());
    } catch (TlsFatalAlertReceived e) {
      return new HandshakeOutcome.Broken(
          DtlsFailure.PEER_ALERT, "the peer sent " + Alerts.name(e.getAlertDescription()));
    } catch (HandshakeCancelledException e) {
      return new HandshakeOutcome.Broken(
          transport.isClosed() ? DtlsFailure.PEER_ALERT : DtlsFailure.HANDSHAKE_FAILED, message(e));
    } catch (TlsTimeoutException e) {
      return new HandshakeOutcome.Broken(DtlsFailure.TIMEOUT, message(e));
    } catch (TlsFatalAlert e) {
      if (peer.isMismatch()) {
        return new HandshakeOutcome.Broken(
            DtlsFailure.FINGERPRINT_MISMATCH, "the peer's certificate was not announced");
      }
      return new HandshakeOutcome.Broken(
          DtlsFailure.HANDSHAKE_FAILED,
          "ended with " + Alerts.name(e.getAlertDescription()) + ": " + message(e));
    } catch (IOException e) {
      return new HandshakeOutcome.Broken(DtlsFailure.HANDSHAKE_FAILED, message(e));
    } catch (RuntimeException e) {
      return new HandshakeOutcome.Broken(DtlsFailure.INTERNAL_ERROR, e.toString());
    }
  }

  private static String message(Exception e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }
}

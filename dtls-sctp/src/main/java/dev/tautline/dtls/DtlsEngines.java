package dev.tautline.dtls;

import dev.tautline.dtls.bc.HandshakeTask;
import dev.tautline.dtls.engine.Dtls12Engine;
import java.security.SecureRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** Makes DTLS engines. */
public final class DtlsEngines {
  private static final SecureRandom RANDOM = new SecureRandom();

  private DtlsEngines() {}

  /**
   * An engine of DTLS 1.2 whose handshake Bouncy Castle computes and whose records the JDK's
   * ciphers protect.
   *
   * @param options how it behaves
   * @param role who sends the ClientHello
   * @param own what we show of ourselves
   * @param handshakes runs the handshake, which blocks its thread while it waits for the peer;
   *     {@link DtlsHandshakes} is made for this
   * @param wakeup called from any thread when {@code pollPacket} or {@code pollEvent} has something
   *     new; must neither block nor throw
   * @param sink takes application data, on the thread that drives the engine
   */
  public static DtlsEngine bouncyCastle(
      DtlsOptions options,
      DtlsRole role,
      DtlsCertificate own,
      Executor handshakes,
      Runnable wakeup,
      DtlsSink sink) {
    return new Dtls12Engine(
        options,
        role,
        (link, trust) ->
            handshakes.execute(
                new HandshakeTask(options, role, own.identity(), link, trust, RANDOM)),
        wakeup,
        sink);
  }

  /**
   * Takes the cost of a JVM's first handshake, 100 to 300 ms, in the background. Does its work
   * once; later calls give the same future.
   *
   * @return completes when handshakes are fast; whoever does not care need not wait
   */
  public static CompletableFuture<Void> warmUp() {
    return WarmUp.once();
  }
}

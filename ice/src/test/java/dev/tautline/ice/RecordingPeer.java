package dev.tautline.ice;

import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** An agent on real sockets and all that its listener was told. */
final class RecordingPeer implements IceListener, AutoCloseable {
  /** A DTLS-like first byte, so that the datagram passes the demultiplexer. */
  static final byte DTLS = 23;

  final IceAgent agent;
  final List<IceCandidate> candidates = new CopyOnWriteArrayList<>();
  final List<IceState> states = new CopyOnWriteArrayList<>();
  final List<IceGatheringState> gathering = new CopyOnWriteArrayList<>();
  final List<IceCandidateError> errors = new CopyOnWriteArrayList<>();
  final List<SelectedPair> pairs = new CopyOnWriteArrayList<>();
  final AtomicInteger pathChanges = new AtomicInteger();
  final AtomicInteger addressesLost = new AtomicInteger();
  final List<byte[]> datagrams = new CopyOnWriteArrayList<>();
  private volatile Consumer<IceCandidate> onCandidate = c -> {};
  private volatile Consumer<byte[]> onDatagram = d -> {};

  RecordingPeer(IceRuntime runtime, IceAgentOptions options) {
    agent = runtime.createAgent(options, this);
  }

  /** Runs something on the agent's loop and waits for its result. */
  <T> T on(Callable<T> task) {
    var result = new CompletableFuture<T>();
    agent
        .loop()
        .execute(
            () -> {
              try {
                result.complete(task.call());
              } catch (Exception e) {
                result.completeExceptionally(e);
              }
            });
    return result.join();
  }

  void run(Runnable task) {
    on(
        () -> {
          task.run();
          return true;
        });
  }

  void trickleTo(RecordingPeer other) {
    onCandidate = c -> other.agent.loop().execute(() -> other.agent.addRemoteCandidate(c));
  }

  void onDatagram(Consumer<byte[]> handler) {
    onDatagram = handler;
  }

  void gatherAll() {
    run(agent::gather);
    awaitThat(() -> gathering.contains(IceGatheringState.COMPLETE));
  }

  void start(IceRole role, RecordingPeer other) {
    run(() -> agent.start(role, paced(other)));
  }

  static IceRemote paced(RecordingPeer other) {
    return new IceRemote(other.agent.localCredentials(), IceMode.FULL, java.util.OptionalInt.of(5));
  }

  void addAll(RecordingPeer other) {
    run(() -> other.candidates.forEach(agent::addRemoteCandidate));
  }

  void send(String text) {
    byte[] bytes = framed(text);
    run(
        () -> {
          agent.path().append(bytes, 0, bytes.length);
          agent.path().flush();
        });
  }

  static byte[] framed(String text) {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    byte[] bytes = new byte[body.length + 1];
    bytes[0] = DTLS;
    System.arraycopy(body, 0, bytes, 1, body.length);
    return bytes;
  }

  List<String> texts() {
    List<String> texts = new ArrayList<>();
    for (byte[] datagram : datagrams) {
      texts.add(new String(datagram, 1, datagram.length - 1, StandardCharsets.UTF_8));
    }
    return texts;
  }

  IceState state() {
    return on(agent::state);
  }

  IceReport report() {
    return on(agent::report);
  }

  void awaitState(IceState state) {
    awaitThat(() -> states.contains(state));
  }

  void awaitThat(BooleanSupplier condition) {
    await()
        .atMost(Duration.ofSeconds(15))
        .pollInterval(Duration.ofMillis(2))
        .conditionEvaluationListener(c -> {})
        .until(condition::getAsBoolean);
  }

  @Override
  public void localCandidate(IceCandidate candidate) {
    candidates.add(candidate);
    onCandidate.accept(candidate);
  }

  @Override
  public void gatheringStateChanged(IceGatheringState state) {
    gathering.add(state);
  }

  @Override
  public void candidateError(IceCandidateError error) {
    errors.add(error);
  }

  @Override
  public void stateChanged(IceState state) {
    states.add(state);
  }

  @Override
  public void selectedPairChanged(SelectedPair pair) {
    pairs.add(pair);
  }

  @Override
  public void datagram(byte[] buffer, int offset, int length, long nowNanos) {
    byte[] copy = Arrays.copyOfRange(buffer, offset, offset + length);
    datagrams.add(copy);
    onDatagram.accept(copy);
    // The slice dies with this call: whoever kept it sees this.
    Arrays.fill(buffer, offset, offset + length, (byte) 0x5a);
  }

  @Override
  public void turnEnd(long nowNanos) {}

  @Override
  public void pathChanged() {
    pathChanges.incrementAndGet();
  }

  @Override
  public void addressLost() {
    addressesLost.incrementAndGet();
  }

  @Override
  public void writableChanged(boolean writable) {}

  @Override
  public void close() {
    run(agent::close);
  }
}

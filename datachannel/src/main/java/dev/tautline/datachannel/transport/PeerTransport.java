package dev.tautline.datachannel.transport;

import dev.tautline.base.Timer;
import dev.tautline.dtls.DtlsEngine;
import dev.tautline.dtls.DtlsEvent;
import dev.tautline.dtls.DtlsSink;
import dev.tautline.ice.Cancellable;
import dev.tautline.ice.IceAgent;
import dev.tautline.ice.IceCandidate;
import dev.tautline.ice.IceCandidateError;
import dev.tautline.ice.IceGatheringState;
import dev.tautline.ice.IceListener;
import dev.tautline.ice.IceLoop;
import dev.tautline.ice.IcePath;
import dev.tautline.ice.IceState;
import dev.tautline.ice.SelectedPair;
import dev.tautline.sctp.Association;
import dev.tautline.sctp.AssociationEvent;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The driver of one connection. It works in turns of the event loop: what came from the network or
 * from other threads is taken in, events go up, user code runs, packets are drawn from SCTP, sealed
 * in place and appended to the path, which sends them as one batch at the end of the turn.
 *
 * <p>Thread rule: {@link #execute}, {@link #enqueue} and {@link #wake} on any thread, the rest on
 * the loop.
 */
public final class PeerTransport implements IceListener {
  private static final Logger LOG = LoggerFactory.getLogger(PeerTransport.class);

  /** So much leaves in one turn at most; then the loop's other connections have theirs. */
  private static final int TURN_BYTES = 256 << 10;

  /** So often events, user code and sending follow one another within one turn at most. */
  private static final int TURN_ROUNDS = 64;

  private static final long BLOCKED_RETRY_NANOS = 5_000_000L;
  private static final int SCRATCH_BYTES = 20 << 10;

  /** One per loop thread, shared by its connections: it stays in the processor's cache. */
  private static final ThreadLocal<byte[]> SCRATCH =
      ThreadLocal.withInitial(() -> new byte[SCRATCH_BYTES]);

  private final String id;
  private final TransportListener listener;
  private final IceAgent agent;
  private final IceLoop loop;
  private final Callbacks callbacks;
  private final LoopEntries entries = new LoopEntries();
  private final AtomicBoolean wakePending = new AtomicBoolean();
  private final Runnable wakeTask = this::wakeTurn;
  private final Runnable timerTask = this::timerTurn;

  private @Nullable IcePath icePath;
  private @Nullable DtlsEngine dtls;
  private @Nullable Association association;
  private boolean dtlsStarted;
  private boolean associationAlive;
  private boolean suspended;
  private boolean recordOpened;
  private boolean inTurn;
  private boolean ended;
  private boolean closed;

  private @Nullable Cancellable timer;
  private long timerDueNanos = Timer.NOT_RUNNING;

  private long bytesSent;
  private long packetsSent;
  private long bytesReceived;
  private long packetsReceived;

  /**
   * Makes the driver and its ICE agent.
   *
   * @param id stands in front of log lines
   * @param listener the session above
   * @param agents makes the agent for the listener it is given
   * @param callbackExecutor where user code runs, null for the loop
   */
  public PeerTransport(
      String id,
      TransportListener listener,
      Function<IceListener, IceAgent> agents,
      @Nullable Executor callbackExecutor) {
    this.id = id;
    this.listener = listener;
    var early = new EarlyListener();
    this.agent = agents.apply(early);
    this.loop = agent.loop();
    this.callbacks = new Callbacks(id, loop, callbackExecutor, this::requestTurn);
    early.transport = this;
  }

  /** Stands between until the agent that calls it is known here. */
  private static final class EarlyListener implements IceListener {
    private volatile @Nullable PeerTransport transport;

    private PeerTransport transport() {
      return Objects.requireNonNull(transport, "an agent speaks only after gather or start");
    }

    @Override
    public void localCandidate(IceCandidate candidate) {
      transport().localCandidate(candidate);
    }

    @Override
    public void gatheringStateChanged(IceGatheringState state) {
      transport().gatheringStateChanged(state);
    }

    @Override
    public void candidateError(IceCandidateError error) {
      transport().candidateError(error);
    }

    @Override
    public void stateChanged(IceState state) {
      transport().stateChanged(state);
    }

    @Override
    public void selectedPairChanged(SelectedPair pair) {
      transport().selectedPairChanged(pair);
    }

    @Override
    public void datagram(byte[] buffer, int offset, int length, long nowNanos) {
      transport().datagram(buffer, offset, length, nowNanos);
    }

    @Override
    public void turnEnd(long nowNanos) {
      transport().turnEnd(nowNanos);
    }

    @Override
    public void pathChanged() {
      transport().pathChanged();
    }

    @Override
    public void addressLost() {
      transport().addressLost();
    }

    @Override
    public void writableChanged(boolean writable) {
      transport().writableChanged(writable);
    }
  }

  /** The ICE agent; its methods on the loop. */
  public IceAgent agent() {
    return agent;
  }

  /** The connection's event loop. */
  public IceLoop loop() {
    return loop;
  }

  /** Where user code runs. */
  public Callbacks callbacks() {
    return callbacks;
  }

  /** The time of the connection. Any thread. */
  public long nowNanos() {
    return loop.nowNanos();
  }

  // ---- From other threads

  /**
   * Runs {@code task}: at once when the caller is on the loop, else soon.
   *
   * @return false when the loop has ended and the task will not run
   */
  public boolean execute(Runnable task) {
    if (loop.inLoop()) {
      drainEntries();
      task.run();
      requestTurn();
      return true;
    }
    return enqueue(
        new LoopEntry() {
          @Override
          protected void run() {
            task.run();
          }
        });
  }

  /**
   * Queues an entry for the loop and wakes it, once for however many entries.
   *
   * @return false when the loop has ended and the entry will not run
   */
  public boolean enqueue(LoopEntry entry) {
    entries.add(entry);
    return wake();
  }

  /** Asks for a turn. Any thread. */
  public boolean wake() {
    if (wakePending.compareAndSet(false, true)) {
      try {
        loop.execute(wakeTask);
      } catch (RejectedExecutionException e) {
        wakePending.set(false);
        LOG.debug("{} the loop has ended", id);
        return false;
      }
    }
    return true;
  }

  /** Queues user code from any thread: behind what is queued already. */
  public void callback(Runnable task) {
    if (callbacks.inTask()) {
      task.run();
    } else if (!callbacks.onLoop()) {
      callbacks.addOffLoop(task);
    } else {
      execute(() -> callbacks.add(task));
    }
  }

  /** Whether entries of other threads wait: then a message sent on the loop has to queue behind. */
  public boolean drainEntries() {
    boolean any = false;
    LoopEntry entry;
    while ((entry = entries.poll()) != null) {
      entry.run();
      any = true;
    }
    return any;
  }

  // ---- DTLS and SCTP

  /**
   * Takes the engines of this session. DTLS starts on the first valid pair.
   *
   * @param engines makes the DTLS engine for a sink and a wake-up
   * @param newAssociation not connected yet
   */
  public void join(EngineFactory engines, Association newAssociation) {
    if (dtls != null) {
      throw new IllegalStateException("DTLS and SCTP are joined already");
    }
    association = newAssociation;
    associationAlive = true;
    dtls = engines.create(this::wake, this::applicationData);
    requestTurn();
  }

  /** Makes a DTLS engine. */
  @FunctionalInterface
  public interface EngineFactory {
    /** The engine for this wake-up and sink. */
    DtlsEngine create(Runnable wakeup, DtlsSink sink);
  }

  /** The association, or null before {@link #join} and after its end. */
  public @Nullable Association association() {
    return associationAlive ? association : null;
  }

  /**
   * The association has ended: its last packet leaves, an ABORT where the peer broke the protocol
   * or does not answer, and nothing is drawn from it any more.
   */
  public void associationEnded() {
    if (associationAlive) {
      send(loop.nowNanos(), TURN_BYTES);
      associationAlive = false;
    }
  }

  /** Starts the association's handshake; DTLS is established. */
  public void connectAssociation(long nowNanos) {
    Association a = Objects.requireNonNull(association);
    DtlsEngine d = Objects.requireNonNull(dtls);
    int room = path().maxPayload() - d.headroom() - d.tailroom();
    a.setMaxPacketBytes(Math.min(MAX_SCTP_PACKET_BYTES, room & ~3));
    a.connect(nowNanos);
  }

  /**
   * 1280 − 40 (IPv6) − 8 (UDP) − 24 (GCM) − 13 (record) − 4 (ChannelData) = 1191, in multiples of
   * four: what libwebrtc uses, and fits every path that IPv6 may take.
   */
  private static final int MAX_SCTP_PACKET_BYTES = 1188;

  private void applicationData(long nowNanos, byte[] buffer, int offset, int length) {
    recordOpened = true;
    Association a = association;
    if (a != null && associationAlive) {
      PacketLog.received(id, nowNanos, buffer, offset, length);
      a.receive(nowNanos, buffer, offset, length);
    }
  }

  /** Asked for on the loop, as all of the agent. */
  private IcePath path() {
    IcePath known = icePath;
    if (known == null) {
      known = agent.path();
      icePath = known;
    }
    return known;
  }

  // ---- From ICE

  @Override
  public void localCandidate(IceCandidate candidate) {
    listener.localCandidate(candidate);
    requestTurn();
  }

  @Override
  public void gatheringStateChanged(IceGatheringState state) {
    listener.gatheringStateChanged(state);
    requestTurn();
  }

  @Override
  public void candidateError(IceCandidateError error) {
    listener.candidateError(error);
    requestTurn();
  }

  @Override
  public void stateChanged(IceState state) {
    if (!closed) {
      listener.iceStateChanged(state, loop.nowNanos());
      requestTurn();
    }
  }

  @Override
  public void selectedPairChanged(SelectedPair pair) {
    listener.selectedPairChanged(pair);
    requestTurn();
  }

  @Override
  public void datagram(byte[] buffer, int offset, int length, long nowNanos) {
    DtlsEngine d = dtls;
    if (d == null || ended) {
      return;
    }
    bytesReceived += length;
    packetsReceived++;
    startDtls(nowNanos);
    try {
      d.receive(nowNanos, buffer, offset, length);
    } catch (RuntimeException | Error e) {
      listener.internalError(e);
    }
  }

  @Override
  public void turnEnd(long nowNanos) {
    if (recordOpened) {
      recordOpened = false;
      path().authenticated();
    }
    turn(nowNanos);
  }

  @Override
  public void pathChanged() {
    Association a = association();
    if (a != null) {
      a.pathChanged(loop.nowNanos());
    }
    requestTurn();
  }

  @Override
  public void addressLost() {
    listener.addressLost();
    requestTurn();
  }

  @Override
  public void writableChanged(boolean writable) {
    if (writable) {
      requestTurn();
    }
  }

  private void startDtls(long nowNanos) {
    DtlsEngine d = dtls;
    if (d != null && !dtlsStarted) {
      dtlsStarted = true;
      d.start(nowNanos);
    }
  }

  // ---- The turn

  /** Asks for a turn; on the loop. Within a turn nothing needs to be asked. */
  public void requestTurn() {
    if (!inTurn && !closed) {
      wake();
    }
  }

  private void wakeTurn() {
    wakePending.set(false);
    turn(loop.nowNanos());
  }

  private void timerTurn() {
    timer = null;
    timerDueNanos = Timer.NOT_RUNNING;
    turn(loop.nowNanos());
  }

  private void turn(long nowNanos) {
    if (inTurn) {
      return;
    }
    inTurn = true;
    boolean more = false;
    try {
      drainEntries();
      if (!closed) {
        listener.turnStarts(nowNanos);
        advance(nowNanos);
        more = pump(nowNanos);
      } else {
        callbacks.drainOnLoop();
      }
    } catch (RuntimeException | Error e) {
      listener.internalError(e);
      callbacks.drainOnLoop();
    } finally {
      inTurn = false;
    }
    if (more || !entries.isEmpty()) {
      wake();
    }
    if (!closed) {
      armTimer(loop.nowNanos());
    }
  }

  private void advance(long nowNanos) {
    DtlsEngine d = dtls;
    if (d != null) {
      boolean ready = path().ready();
      if (ready) {
        startDtls(nowNanos);
      }
      if (dtlsStarted && nowNanos >= d.nextDeadlineNanos()) {
        d.advanceTo(nowNanos);
      }
      Association a = association;
      if (a != null && associationAlive) {
        if (ready == suspended) {
          // Without the peer's consent nothing may be sent (RFC 7675), so SCTP's timers would
          // only count what is no loss.
          suspended = !ready;
          if (suspended) {
            a.suspend(nowNanos);
          } else {
            a.resume(nowNanos);
          }
        }
        if (nowNanos >= a.nextDeadlineNanos()) {
          a.advanceTo(nowNanos);
        }
      }
    }
    if (nowNanos >= listener.nextDeadlineNanos()) {
      listener.deadlineReached(nowNanos);
    }
  }

  /** Returns whether there is more to do than one turn may. */
  private boolean pump(long nowNanos) {
    int budget = TURN_BYTES;
    boolean more = true;
    for (int round = 0; round < TURN_ROUNDS && more; round++) {
      boolean moved = pollEvents(nowNanos);
      moved |= callbacks.drainOnLoop();
      if (closed) {
        return false;
      }
      int sent = send(nowNanos, budget);
      budget -= sent;
      more = moved || sent > 0;
      if (budget <= 0) {
        break;
      }
    }
    path().flush();
    return more && path().writable();
  }

  private boolean pollEvents(long nowNanos) {
    // SCTP first: what came in before a close_notify counts before it.
    boolean any = pollAssociation(nowNanos);
    DtlsEngine d = dtls;
    DtlsEvent event;
    while (d != null && !ended && (event = d.pollEvent()) != null) {
      any = true;
      listener.dtlsEvent(event, nowNanos);
    }
    return any;
  }

  private boolean pollAssociation(long nowNanos) {
    boolean any = false;
    Association a = association;
    AssociationEvent event;
    while (a != null && associationAlive && (event = a.pollEvent()) != null) {
      any = true;
      listener.associationEvent(event, nowNanos);
    }
    return any;
  }

  /** Draws packets and appends them to the path; returns how many bytes. */
  private int send(long nowNanos, int budget) {
    DtlsEngine d = dtls;
    if (d == null || !dtlsStarted) {
      return 0;
    }
    byte[] scratch = SCRATCH.get();
    int sent = 0;
    int length;
    while (path().writable()
        && path().ready()
        && (length = d.pollPacket(nowNanos, scratch, 0, scratch.length)) > 0) {
      append(scratch, 0, length);
      sent += length;
    }
    Association a = association;
    if (a == null || !associationAlive || !d.isEstablished() || !path().ready()) {
      return sent;
    }
    int headroom = d.headroom();
    int limit = scratch.length - d.tailroom();
    while (sent < budget
        && path().writable()
        && (length = a.pollPacket(nowNanos, scratch, headroom, limit)) > 0) {
      PacketLog.sent(id, nowNanos, scratch, headroom, length);
      int record = d.seal(scratch, headroom, length);
      append(scratch, 0, record);
      sent += record;
    }
    return sent;
  }

  private void append(byte[] buffer, int offset, int length) {
    path().append(buffer, offset, length);
    bytesSent += length;
    packetsSent++;
  }

  private void armTimer(long nowNanos) {
    long due = listener.nextDeadlineNanos();
    DtlsEngine d = dtls;
    if (d != null && dtlsStarted) {
      due = Math.min(due, d.nextDeadlineNanos());
    }
    Association a = association;
    if (a != null && associationAlive) {
      due = Math.min(due, a.nextDeadlineNanos());
    }
    if (due == Timer.NOT_RUNNING || due >= timerDueNanos) {
      // A timer that is early re-arms itself; it is not worth cancelling with every SACK.
      return;
    }
    if (timer != null) {
      timer.cancel();
    }
    long delay = due - nowNanos;
    if (delay <= 0 && !path().writable()) {
      // What is due cannot leave now; the path tells when it can, this is for the case it forgets.
      delay = BLOCKED_RETRY_NANOS;
    }
    timerDueNanos = nowNanos + Math.max(delay, 0);
    timer = loop.schedule(timerTask, Math.max(delay, 0));
  }

  // ---- The end

  /**
   * Says goodbye: one ABORT with cause 12 and one close_notify, as browsers do. Nothing is sent or
   * taken in afterwards; ICE lives on until {@link #close}.
   */
  public void sayGoodbye(String reason) {
    if (ended) {
      return;
    }
    ended = true;
    long nowNanos = loop.nowNanos();
    try {
      DtlsEngine d = dtls;
      if (d != null && dtlsStarted) {
        Association a = association();
        if (a != null && d.isEstablished()) {
          a.abort(nowNanos, reason);
          send(nowNanos, TURN_BYTES);
        }
        d.close(nowNanos);
        associationAlive = false;
        send(nowNanos, TURN_BYTES);
        path().flush();
      } else if (d != null) {
        // Its handshake may wait, prepared, for a path that was never found.
        d.close(nowNanos);
      }
    } catch (RuntimeException | Error e) {
      LOG.warn("{} saying goodbye failed; the peer will notice by itself", id, e);
    }
    associationAlive = false;
  }

  /** Says goodbye and closes the agent. No listener method is called afterwards. */
  public void close(String reason) {
    if (closed) {
      return;
    }
    sayGoodbye(reason);
    closed = true;
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
    agent.close();
  }

  /** What went through. */
  public TransportCounters counters() {
    return new TransportCounters(bytesSent, packetsSent, bytesReceived, packetsReceived);
  }
}

package dev.tautline.rpc.session;

import dev.tautline.rpc.BinaryKind;
import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.LongPolicy;
import dev.tautline.rpc.PayloadTooLargeException;
import dev.tautline.rpc.PeerQuirks;
import dev.tautline.rpc.Remote;
import dev.tautline.rpc.RpcConnection;
import dev.tautline.rpc.RpcException;
import dev.tautline.rpc.RpcHandler;
import dev.tautline.rpc.RpcLimits;
import dev.tautline.rpc.RpcObject;
import dev.tautline.rpc.RpcOptions;
import dev.tautline.rpc.RpcScheduler;
import dev.tautline.rpc.RpcStats;
import dev.tautline.rpc.RpcTimeoutException;
import dev.tautline.rpc.codec.JsonCodec;
import dev.tautline.rpc.codec.ValueCodec;
import dev.tautline.rpc.codec.json.JacksonJson;
import dev.tautline.rpc.endpoint.RpcEndpoint;
import dev.tautline.rpc.expose.Exposed;
import dev.tautline.rpc.expose.ExposedTypes;
import dev.tautline.rpc.expose.ResultShape;
import dev.tautline.rpc.frame.ChunkAssembler;
import dev.tautline.rpc.frame.Frame;
import dev.tautline.rpc.frame.Hello;
import dev.tautline.rpc.frame.PortIds;
import dev.tautline.rpc.frame.Transfers;
import dev.tautline.rpc.frame.Utf8;
import dev.tautline.rpc.message.Refusal;
import dev.tautline.rpc.message.Request;
import dev.tautline.rpc.message.WireValue;
import java.lang.ref.ReferenceQueue;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection. Frames come in on the channel's event loop and are only sorted there; served
 * calls and callbacks run on the executor. State is guarded by one lock, which is never held while
 * anything outside this package runs.
 */
public final class Session implements RpcConnection, RpcEndpoint.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);
  private static final int HARD_VIOLATIONS = 3;
  private static final long SWEEP_NANOS = 5_000_000_000L;
  private static final int MOST_GIVEN_UP = 1_024;
  private static final String HANDLER_BIGINT = "java.bigint";

  /** Encodes the arguments; what it gives makes the request once there is an id. */
  @FunctionalInterface
  interface Preparation {
    Function<String, Request> prepare(ExportScope scope);
  }

  private final RpcEndpoint endpoint;
  private final RpcOptions options;
  private final RpcLimits limits;
  private final RpcScheduler scheduler;
  private final @Nullable ExecutorService ownExecutor;
  private final Executor executor;
  private final JsonCodec json;
  private final ValueCodec codec;
  private final ExposedTypes tables;
  private final ErrorMapping errors;
  private final Outbox outbox;
  private final CallRunner runner;
  private final Exposed.Walk walk;
  private final Request.Limits requestLimits;
  private final CompletableFuture<String> closedFuture = new CompletableFuture<>();
  private final ReferenceQueue<Lease> garbage = new ReferenceQueue<>();

  /** Used on the event loop only. */
  private final ChunkAssembler chunks;

  private double frameTokens;
  private long frameTokensNanos;
  private volatile @Nullable Thread delivering;
  private volatile Hello peer = Hello.PLAIN;

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Object> ports = new HashMap<>();
  private final RpcPort root;
  private final IdentityHashMap<Object, ServedObject.Use> uses = new IdentityHashMap<>();
  private final Set<ServedCall> active = new LinkedHashSet<>();
  private final List<HeldRequest> held = new ArrayList<>();

  /** Own calls that nobody waits for any more, the newest: what a late reply brings is released. */
  private final Map<String, PendingCall.Purpose> givenUp =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, PendingCall.Purpose> eldest) {
          return size() > MOST_GIVEN_UP;
        }
      };

  private final Map<Type, TypedApi> typedApis = new HashMap<>();
  private final Map<String, Long> dropped = new TreeMap<>();
  private int exportedPorts;
  private int importedPorts;
  private int pendingCalls;
  private long framesReceived;
  private long callsServed;
  private long refused;
  private int violations;
  private boolean exposedOnce;
  private boolean closed;
  private @Nullable Runnable timerCancel;
  private long timerAtNanos;
  private boolean timerArmed;
  private boolean chunksUnfinished;

  /** A request to the root that came before anything was exposed. */
  private record HeldRequest(Request request, List<AutoCloseable> imported, long deadlineNanos) {}

  private Session(RpcEndpoint endpoint, RpcOptions options) {
    this.endpoint = endpoint;
    this.options = options;
    this.limits = options.limits();
    this.scheduler = options.scheduler().orElse(SystemScheduler.INSTANCE);
    if (options.executor().isPresent()) {
      this.ownExecutor = null;
      this.executor = options.executor().get();
    } else {
      this.ownExecutor = CallThreads.create(limits.callsRunning() + 16);
      this.executor = ownExecutor;
    }
    this.json = new JacksonJson(limits.messageBytes(), limits.depth());
    this.codec = new ValueCodec(ValueCodec.Settings.of(options));
    this.tables = new ExposedTypes(codec);
    this.errors = new ErrorMapping(options, codec);
    this.outbox =
        new Outbox(endpoint, json, limits.sendQueueBytes(), this::closeWith, this::kickRunner);
    long startsBelow = Math.max(limits.sendBufferBytes(), Outbox.CHANNEL_BUFFER_BYTES);
    this.runner =
        new CallRunner(
            limits.callsRunning(), limits.callsWaiting(), () -> outbox.unsentBytes() < startsBelow);
    this.walk = new Exposed.Walk(codec, new Reading(), options.refuseExtraArguments());
    this.requestLimits =
        new Request.Limits(limits.pathElements(), limits.pathElementChars(), limits.arguments());
    this.chunks = new ChunkAssembler(limits.messageBytes());
    this.root = RpcPort.root(Frame.ROOT, new SerialExecutor(executor));
    this.ports.put(Frame.ROOT, root);
    this.frameTokens = limits.framesPerSecond();
    this.frameTokensNanos = scheduler.nowNanos();
  }

  /** Values on the way of a path are only looked at: nothing can be exported there. */
  private final class Reading implements dev.tautline.rpc.codec.EncodeContext {
    @Override
    public JsValue.Port export(Type api, Object object) {
      throw Refusal.unserialisable();
    }

    @Override
    public JsValue.Port attach(RawPort port) {
      throw Refusal.unserialisable();
    }

    @Override
    public JsValue dataOf(Class<?> api, Object object) {
      return Session.this.dataOf(api, object, this);
    }

    @Override
    public boolean peerKnows(String handler) {
      return false;
    }
  }

  /** A connection that has begun to receive. */
  public static Session start(RpcEndpoint endpoint, RpcOptions options) {
    Session session = new Session(endpoint, options);
    session.sendHello();
    endpoint.start(session);
    return session;
  }

  /** The remote behind a typed proxy. */
  public static Remote remoteOf(Object typedProxy) {
    Remote remote = TypedApi.remoteOf(typedProxy);
    if (remote == null) {
      throw new IllegalArgumentException("not a proxy of an RPC connection");
    }
    return remote;
  }

  private void sendHello() {
    if (!options.hello()) {
      return;
    }
    Set<String> handlers = new LinkedHashSet<>();
    options.handlers().forEach(h -> handlers.add(h.name()));
    if (options.longPolicy() == LongPolicy.BIGINT) {
      handlers.add(HANDLER_BIGINT);
    }
    Hello hello =
        new Hello(Set.of(Hello.CHUNK, Hello.CLOSE, Hello.BASE64), limits.messageBytes(), handlers);
    outbox.add(
        Frame.CONTROL,
        Frame.write(json, Frame.CONTROL, hello.toJson(), Transfers.BytesAs.HEX),
        List.of(),
        null);
  }

  Executor executor() {
    return executor;
  }

  ValueCodec codec() {
    return codec;
  }

  CallRunner runner() {
    return runner;
  }

  Exposed.Walk walk() {
    return walk;
  }

  private void kickRunner() {
    runner.kick();
  }

  boolean peerKnows(String handler) {
    return peer.handlers().contains(handler);
  }

  // ---------------------------------------------------------------- exposing

  @Override
  public <T> RpcConnection expose(Class<T> api, T object) {
    return expose(new Exposed(tables.of(api, object), object));
  }

  @Override
  public RpcConnection expose(RpcObject object) {
    return expose(new Exposed(tables.of(RpcObject.class, object), object));
  }

  private RpcConnection expose(Exposed exposed) {
    List<HeldRequest> waiting;
    ServedObject served;
    lock.lock();
    try {
      if (exposedOnce) {
        throw new IllegalStateException("this connection exposes an object already");
      }
      exposedOnce = true;
      served = serve(exposed);
      if (closed || root.releasedByPeer) {
        runFinaliser(dropUse(served));
        return this;
      }
      root.served = served;
      waiting = new ArrayList<>(held);
      held.clear();
    } finally {
      lock.unlock();
    }
    for (HeldRequest request : waiting) {
      submit(root, served, request.request(), request.imported());
    }
    return this;
  }

  /** One more port serves the object. Under the lock. */
  private ServedObject serve(Exposed exposed) {
    ServedObject.Use use =
        uses.computeIfAbsent(exposed.object(), object -> new ServedObject.Use(exposed));
    use.ports++;
    return new ServedObject(exposed, use);
  }

  /** One port less serves the object. Under the lock; the result is to be run. */
  private @Nullable Exposed dropUse(ServedObject served) {
    served.use.ports--;
    return finaliserDue(served.use);
  }

  private @Nullable Exposed finaliserDue(ServedObject.Use use) {
    if (use.ports > 0 || use.running > 0 || use.released) {
      return null;
    }
    use.released = true;
    uses.remove(use.first.object(), use);
    return use.first.type().hasReleaser() ? use.first : null;
  }

  private void runFinaliser(@Nullable Exposed exposed) {
    if (exposed == null) {
      return;
    }
    execute(
        () -> {
          try {
            exposed.type().released(exposed.object());
          } catch (VirtualMachineError e) {
            throw e;
          } catch (Throwable e) {
            LOG.warn("an exposed object failed to be released", e);
          }
        });
  }

  /** Runs a task on the executor; here if that takes nothing any more. */
  private void execute(Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      task.run();
    }
  }

  RpcPort export(Type api, Object object) {
    Exposed exposed = new Exposed(tables.of(api, object), object);
    lock.lock();
    try {
      if (exportedPorts >= limits.ports()) {
        throw Refusal.rangeError("more than " + limits.ports() + " exported ports");
      }
      RpcPort port = RpcPort.exported(newId(), new SerialExecutor(executor), serve(exposed));
      ports.put(port.uid, port);
      exportedPorts++;
      return port;
    } finally {
      lock.unlock();
    }
  }

  /** The port was never named to the peer, or is not needed any more. */
  void unexport(RpcPort port) {
    Exposed finaliser = null;
    lock.lock();
    try {
      if (ports.remove(port.uid, port)) {
        exportedPorts--;
        port.releasedByPeer = true;
        ServedObject served = port.served;
        port.served = null;
        if (served != null) {
          finaliser = dropUse(served);
        }
      }
    } finally {
      lock.unlock();
    }
    runFinaliser(finaliser);
  }

  boolean attach(RawPort port) {
    lock.lock();
    try {
      if (exportedPorts >= limits.ports()) {
        throw Refusal.rangeError("more than " + limits.ports() + " exported ports");
      }
      exportedPorts++;
    } finally {
      lock.unlock();
    }
    String uid = newId();
    boolean taken = port.attach(this, uid, new SerialExecutor(executor));
    lock.lock();
    try {
      if (taken) {
        ports.put(uid, port);
        madeHere.add(uid);
      } else {
        exportedPorts--;
      }
    } finally {
      lock.unlock();
    }
    return taken;
  }

  void detach(RawPort port) {
    removeRaw(port);
    port.detach();
  }

  private boolean removeRaw(RawPort port) {
    lock.lock();
    try {
      if (!ports.remove(port.uid(), port)) {
        return false;
      }
      if (madeHere.remove(port.uid())) {
        exportedPorts--;
      } else {
        importedPorts--;
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Names of live raw ports that this side made. */
  private final Set<String> madeHere = new LinkedHashSet<>();

  JsValue dataOf(Class<?> api, Object object, dev.tautline.rpc.codec.EncodeContext context) {
    try {
      return new Exposed(tables.of(api, object), object)
          .asData(new Exposed.Walk(codec, context, false));
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new java.lang.reflect.UndeclaredThrowableException(e);
    }
  }

  private String newId() {
    return PortIds.next(options.random());
  }

  // ---------------------------------------------------------------- calling

  @Override
  public <T> T wrap(Class<T> api) {
    return remote().as(api);
  }

  @Override
  public Remote remote() {
    return new PortRemote(this, root, null, List.of(), options.callDeadline().toNanos());
  }

  TypedApi typedApi(Type type) {
    lock.lock();
    try {
      TypedApi known = typedApis.get(type);
      if (known != null) {
        return known;
      }
    } finally {
      lock.unlock();
    }
    TypedApi built = new TypedApi(codec, type);
    lock.lock();
    try {
      TypedApi other = typedApis.putIfAbsent(type, built);
      return other == null ? built : other;
    } finally {
      lock.unlock();
    }
  }

  <T extends @Nullable Object> CompletableFuture<T> callAsync(
      PortRemote remote,
      Preparation preparation,
      List<String> lent,
      Function<WireValue, T> finish) {
    CompletableFuture<T> result = new CompletableFuture<>();
    PendingCall call;
    try {
      call = send(remote, preparation, lent);
    } catch (RpcException e) {
      result.completeExceptionally(e);
      return result;
    }
    call.reply.whenComplete(
        (wire, failure) ->
            execute(
                () -> {
                  if (failure != null) {
                    result.completeExceptionally(failure);
                    return;
                  }
                  try {
                    result.complete(finish.apply(wire));
                  } catch (RuntimeException e) {
                    result.completeExceptionally(e);
                  }
                }));
    result.whenComplete(
        (value, failure) -> {
          if (result.isCancelled()) {
            forget(remote.port, call);
          }
        });
    return result;
  }

  <T extends @Nullable Object> T callBlocking(
      PortRemote remote,
      Preparation preparation,
      List<String> lent,
      Function<WireValue, T> finish) {
    if (Thread.currentThread() == delivering) {
      throw new IllegalStateException(
          "a blocking call on the channel's event loop would wait for itself; declare the result"
              + " as CompletableFuture");
    }
    PendingCall call = send(remote, preparation, lent);
    try {
      return finish.apply(call.reply.get());
    } catch (InterruptedException e) {
      forget(remote.port, call);
      Thread.currentThread().interrupt();
      throw new RpcException(
          RpcException.Code.INTERRUPTED, "interrupted while waiting for " + call.description, e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RpcException cause) {
        // It was made on the event loop; the caller's frames are the ones that help.
        cause.setStackTrace(Thread.currentThread().getStackTrace());
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private PendingCall send(PortRemote remote, Preparation preparation, List<String> lent) {
    ExportScope scope = new ExportScope(this);
    Function<String, Request> request;
    try {
      request = preparation.prepare(scope);
    } catch (Refusal e) {
      scope.rollback();
      throw new RpcException(
          e.name().equals("RangeError")
              ? RpcException.Code.LIMIT
              : RpcException.Code.NOT_SERIALISABLE,
          e.text(),
          e);
    } catch (RuntimeException e) {
      scope.rollback();
      throw e;
    }
    String id = newId();
    Request message = request.apply(id);
    PendingCall call =
        new PendingCall(
            id,
            message instanceof Request.Endpoint
                ? PendingCall.Purpose.ENDPOINT
                : PendingCall.Purpose.VALUE,
            describe(message),
            scheduler.nowNanos() + remote.deadlineNanos,
            remote.lease,
            List.copyOf(lent));
    try {
      register(remote.port, call);
      JsValue data = message.toJson();
      if (options.quirks() == PeerQuirks.STRING_CHANNEL_2020 && remote.port != root) {
        data = Quirks2020.soften(data);
      }
      transmit(remote.port.uid, data, scope, null);
    } catch (RpcException e) {
      scope.rollback();
      forget(remote.port, call);
      throw e;
    }
    scope.commit();
    return call;
  }

  private static String describe(Request request) {
    if (request instanceof Request.Apply apply) {
      return "call of " + name(apply.path());
    }
    if (request instanceof Request.Get get) {
      return "reading " + name(get.path());
    }
    if (request instanceof Request.Set set) {
      return "assigning " + name(set.path());
    }
    if (request instanceof Request.Construct construct) {
      return "new " + name(construct.path());
    }
    return request instanceof Request.Endpoint ? "a new endpoint" : "release";
  }

  private static String name(List<String> path) {
    return path.isEmpty() ? "the object itself" : String.join(".", path);
  }

  private void register(RpcPort port, PendingCall call) {
    lock.lock();
    try {
      if (closed) {
        throw closedException();
      }
      if (port.releasedByUs || port.pending == null) {
        throw new RpcException(
            RpcException.Code.RELEASED, "Proxy has been released and is not useable");
      }
      if (pendingCalls >= limits.pendingCalls()) {
        throw new RpcException(
            RpcException.Code.LIMIT, "more than " + limits.pendingCalls() + " pending calls");
      }
      port.pending.put(call.id, call);
      pendingCalls++;
      armTimer(call.deadlineNanos);
    } finally {
      lock.unlock();
    }
  }

  private RpcException closedException() {
    String reason = closedFuture.getNow("the connection is closed");
    return new RpcException(RpcException.Code.CLOSED, reason);
  }

  /** The caller does not want the answer any more. */
  private void forget(RpcPort port, PendingCall call) {
    lock.lock();
    try {
      if (port.pending == null || !port.pending.remove(call.id, call)) {
        return;
      }
      pendingCalls--;
      givenUp.put(call.id, call.purpose);
    } finally {
      lock.unlock();
    }
    endLoan(call);
  }

  private void endLoan(PendingCall call) {
    if (call.lentPorts.isEmpty()) {
      return;
    }
    for (String uid : call.lentPorts) {
      Object port;
      lock.lock();
      try {
        port = ports.get(uid);
      } finally {
        lock.unlock();
      }
      if (port instanceof RpcPort rpcPort) {
        unexport(rpcPort);
      }
    }
    sendClosePorts(call.lentPorts);
  }

  private void sendClosePorts(List<String> uids) {
    if (!peer.has(Hello.CLOSE) || uids.isEmpty()) {
      return;
    }
    JsValue data =
        JsValue.object(
            Map.of("close", new JsValue.Arr(uids.stream().<JsValue>map(JsValue::of).toList())));
    try {
      outbox.add(
          Frame.CONTROL,
          Frame.write(json, Frame.CONTROL, data, Transfers.BytesAs.HEX),
          List.of(),
          null);
    } catch (RpcException e) {
      LOG.debug("closed ports were not announced: {}", e.getMessage());
    }
  }

  /** Writes a frame and hands it to the outbox. */
  private void transmit(String uid, JsValue data, ExportScope scope, @Nullable Runnable settled) {
    Transfers.BytesAs bytesAs =
        peer.has(Hello.BASE64) ? Transfers.BytesAs.BASE64 : Transfers.BytesAs.HEX;
    outbox.add(uid, Frame.write(json, uid, data, bytesAs), scope.portIds(), settled);
  }

  /** Sends a value on a raw port. */
  void post(RawPort port, Object value) {
    ExportScope scope = new ExportScope(this);
    try {
      JsValue data = codec.encodePlain(value, scope);
      if (options.quirks() == PeerQuirks.STRING_CHANNEL_2020) {
        data = Quirks2020.soften(data);
      }
      transmit(port.uid(), data, scope, null);
    } catch (Refusal e) {
      scope.rollback();
      throw new RpcException(RpcException.Code.NOT_SERIALISABLE, e.text(), e);
    } catch (RpcException e) {
      scope.rollback();
      throw e;
    }
    scope.commit();
  }

  void closeRawPort(RawPort port) {
    if (removeRaw(port)) {
      sendClosePorts(List.of(port.uid()));
    }
  }

  CompletableFuture<Void> release(RpcPort port, long deadlineNanos) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    List<PendingCall> failing;
    PendingCall release =
        new PendingCall(
            newId(),
            PendingCall.Purpose.VALUE,
            "release",
            scheduler.nowNanos() + deadlineNanos,
            null,
            List.of());
    lock.lock();
    try {
      if (closed || port.releasedByUs || port.pending == null) {
        done.complete(null);
        return done;
      }
      port.releasedByUs = true;
      failing = new ArrayList<>(port.pending.values());
      pendingCalls -= failing.size();
      port.pending.clear();
      port.pending.put(release.id, release);
      pendingCalls++;
      armTimer(release.deadlineNanos);
    } finally {
      lock.unlock();
    }
    fail(failing, RpcException.Code.RELEASED, "the proxy was released");
    release.reply.whenComplete(
        (wire, failure) -> {
          // Answered, late or closed: in each case the port is not used any more.
          removeImported(port);
          execute(() -> done.complete(null));
        });
    try {
      transmit(port.uid, new Request.Release(release.id).toJson(), new ExportScope(this), null);
    } catch (RpcException e) {
      forget(port, release);
      release.reply.completeExceptionally(e);
    }
    return done;
  }

  private void removeImported(RpcPort port) {
    lock.lock();
    try {
      if (port != root && ports.remove(port.uid, port)) {
        importedPorts--;
        port.leaseEnd = null;
      }
    } finally {
      lock.unlock();
    }
  }

  private void fail(List<PendingCall> calls, RpcException.Code code, String reason) {
    for (PendingCall call : calls) {
      call.reply.completeExceptionally(
          new RpcException(code, call.description + " failed: " + reason));
      endLoan(call);
    }
  }

  /** The value of a reply or argument. */
  JsValue open(WireValue wire) {
    if (wire instanceof WireValue.Handler handler) {
      if (handler.name().equals(WireValue.THROW)) {
        throw ErrorMapping.fromWire(handler.value());
      }
      if (handler.name().equals(HANDLER_BIGINT)) {
        return bigint(handler.value());
      }
      RpcHandler<?> own = codec.handler(handler.name());
      if (own == null) {
        throw Refusal.typeError("unknown handler");
      }
      try {
        return new JsValue.Custom(handler.name(), own.deserialise(handler.value()));
      } catch (RuntimeException e) {
        LOG.debug("handler {} refused a value", handler.name(), e);
        throw Refusal.typeError("handler " + handler.name() + " refused the value");
      }
    }
    return wire.value();
  }

  private JsValue bigint(JsValue value) {
    Object number = codec.decoder(java.math.BigInteger.class).decode(value.get("b"));
    if (!(number instanceof java.math.BigInteger big)) {
      throw Refusal.typeError("handler " + HANDLER_BIGINT + " refused the value");
    }
    return big.bitLength() < Long.SIZE ? JsValue.of(big.longValueExact()) : new JsValue.Num(big);
  }

  private boolean knowsHandler(String name) {
    return codec.handler(name) != null
        || (name.equals(HANDLER_BIGINT) && options.longPolicy() == LongPolicy.BIGINT);
  }

  // ---------------------------------------------------------------- receiving

  @Override
  public void text(String frame) {
    Thread before = delivering;
    delivering = Thread.currentThread();
    try {
      receive(frame);
    } catch (RuntimeException e) {
      // No input may cause it: a fault of this module, after which nothing here can be trusted.
      LOG.error("a frame could not be processed", e);
      closeWith("internal error");
    } finally {
      delivering = before;
    }
  }

  @Override
  public void binary(byte[] message) {
    drop("binary message");
  }

  @Override
  public void drained() {
    outbox.pump();
    runner.kick();
  }

  @Override
  public void closed(String reason) {
    closeWith(reason);
  }

  private void drop(String reason) {
    lock.lock();
    try {
      dropped.merge(reason, 1L, Long::sum);
    } finally {
      lock.unlock();
    }
    LOG.trace("ignored: {}", reason);
  }

  /** A hard limit was violated: the third time the channel is closed. */
  private void violated(String what) {
    boolean enough;
    lock.lock();
    try {
      violations++;
      enough = violations >= HARD_VIOLATIONS;
    } finally {
      lock.unlock();
    }
    if (enough) {
      closeWith("the peer keeps violating a limit: " + what);
    }
  }

  private boolean takeFrameToken() {
    long now = scheduler.nowNanos();
    double perNano = limits.framesPerSecond() / 1e9;
    frameTokens =
        Math.min(limits.framesPerSecond(), frameTokens + (now - frameTokensNanos) * perNano);
    frameTokensNanos = now;
    if (frameTokens < 1) {
      return false;
    }
    frameTokens--;
    return true;
  }

  private static boolean exceeds(String text, int limitBytes) {
    return text.length() > limitBytes
        || (text.length() > limitBytes / 3 && Utf8.length(text) > limitBytes);
  }

  private void receive(String text) {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      framesReceived++;
    } finally {
      lock.unlock();
    }
    releaseGarbage();
    boolean inRate = takeFrameToken();
    if (exceeds(text, limits.frameBytes())) {
      JsonCodec.Parsed envelope = json.parse(text, JsonCodec.Depth.ENVELOPE);
      drop("frame too large");
      if (envelope != null) {
        refuseEnvelope(
            envelope.value(),
            Refusal.rangeError("frame of more than " + limits.frameBytes() + " bytes"));
      }
      violated("frames of more than " + limits.frameBytes() + " bytes");
      return;
    }
    process(text, inRate);
  }

  private void process(String text, boolean inRate) {
    JsonCodec.Parsed parsed = json.parse(text, JsonCodec.Depth.WHOLE);
    if (parsed == null) {
      drop("not JSON");
      return;
    }
    if (parsed.violation() != null) {
      drop("malformed value");
      Refusal refusal =
          parsed.violation().name().equals("RangeError")
              ? Refusal.rangeError(parsed.violation().text())
              : Refusal.typeError(parsed.violation().text());
      refuseEnvelope(parsed.value(), refusal);
      return;
    }
    Frame frame = Frame.of(parsed.value());
    if (frame == null) {
      drop("not a frame");
      return;
    }
    if (frame.uid().equals(Frame.CONTROL)) {
      control(frame.data());
      return;
    }
    Object port;
    lock.lock();
    try {
      port = ports.get(frame.uid());
    } finally {
      lock.unlock();
    }
    if (port instanceof RawPort raw) {
      receiveRaw(raw, frame);
    } else if (port instanceof RpcPort rpc) {
      receiveRpc(rpc, frame, inRate);
    } else {
      drop("unknown port");
    }
  }

  /** Answers a message of which only the beginning was looked at, if it can be answered. */
  private void refuseEnvelope(JsValue json, Refusal refusal) {
    if (!(json.get("uid") instanceof JsValue.Text uid)
        || !(json.get("data").get("id") instanceof JsValue.Text id)
        || id.value().isEmpty()
        || id.value().length() > Request.MAX_ID_CHARS) {
      return;
    }
    Object port;
    lock.lock();
    try {
      port = ports.get(uid.value());
    } finally {
      lock.unlock();
    }
    if (!(port instanceof RpcPort rpc)) {
      return;
    }
    JsValue type = json.get("data").get("type");
    boolean request = type instanceof JsValue.Text text && Request.isRequestType(text.value());
    PendingCall call = request ? null : takePending(rpc, id.value());
    if (call != null) {
      call.reply.completeExceptionally(
          new RpcException(
              RpcException.Code.PROTOCOL,
              call.description + " failed: the answer is refused, " + refusal.text()));
      endLoan(call);
    } else if ((request || type.isUndefined()) && isServed(rpc)) {
      refuse(rpc, id.value(), refusal);
    }
  }

  private boolean isServed(RpcPort port) {
    lock.lock();
    try {
      return port.served != null || (port == root && !port.releasedByPeer);
    } finally {
      lock.unlock();
    }
  }

  private @Nullable PendingCall takePending(RpcPort port, String id) {
    lock.lock();
    try {
      if (port.pending == null) {
        return null;
      }
      PendingCall call = port.pending.remove(id);
      if (call != null) {
        pendingCalls--;
      }
      return call;
    } finally {
      lock.unlock();
    }
  }

  private void receiveRaw(RawPort port, Frame frame) {
    Binding binding = new Binding(this, options.callDeadline().toNanos());
    try {
      Transfers.Applied applied = apply(frame);
      JsValue value = binding.bindPorts(applied.data());
      register(binding);
      if (!port.receive(value, limits.portQueueMessages())) {
        drop("message for a full port");
        violated("messages for a port that nobody reads");
      }
    } catch (Refusal e) {
      drop("malformed message for a port");
    }
  }

  private Transfers.Applied apply(Frame frame) {
    return Transfers.apply(
        frame.data(), frame.transfer(), limits.transferEntries(), limits.messageBytes());
  }

  private void receiveRpc(RpcPort port, Frame frame, boolean inRate) {
    if (!(frame.data() instanceof JsValue.Obj data)) {
      drop("no message");
      return;
    }
    if (!(data.get("type") instanceof JsValue.Text type)
        || !(data.get("id") instanceof JsValue.Text id)
        || id.value().isEmpty()
        || id.value().length() > Request.MAX_ID_CHARS) {
      drop("message without id or type");
      return;
    }
    if (Request.isReplyType(type.value())) {
      receiveReply(port, frame, id.value());
    } else if (Request.isRequestType(type.value())) {
      if (!isServed(port)) {
        drop("request on a port that is not served");
      } else if (!inRate) {
        refuse(port, id.value(), Refusal.rangeError("too many messages"));
      } else {
        receiveRequest(port, frame, type.value(), id.value());
      }
    } else {
      drop("unknown type");
    }
  }

  private void receiveReply(RpcPort port, Frame frame, String id) {
    PendingCall call = takePending(port, id);
    if (call == null) {
      drop("reply to no call");
      releaseWhatCameLate(port, frame, id);
      return;
    }
    Binding binding = new Binding(this, options.callDeadline().toNanos());
    WireValue reply;
    try {
      reply = bind(binding, frame, call.purpose);
    } catch (Refusal e) {
      call.reply.completeExceptionally(
          new RpcException(
              RpcException.Code.PROTOCOL,
              call.description + " failed: the answer is malformed, " + e.text()));
      endLoan(call);
      return;
    }
    call.reply.complete(reply);
    endLoan(call);
  }

  private WireValue bind(Binding binding, Frame frame, PendingCall.Purpose purpose) {
    WireValue wire = WireValue.parse(apply(frame).data());
    WireValue reply =
        purpose == PendingCall.Purpose.ENDPOINT
            ? binding.bindEndpoint(wire)
            : binding.bindReply(wire);
    register(binding);
    return reply;
  }

  /** The peer keeps what it exports in a reply until it is released, also if we gave up waiting. */
  private void releaseWhatCameLate(RpcPort port, Frame frame, String id) {
    PendingCall.Purpose purpose;
    lock.lock();
    try {
      purpose = port.pending == null ? null : givenUp.remove(id);
    } finally {
      lock.unlock();
    }
    if (purpose == null) {
      return;
    }
    Binding binding = new Binding(this, options.callDeadline().toNanos());
    try {
      bind(binding, frame, purpose);
    } catch (Refusal e) {
      drop("malformed late reply");
      return;
    }
    giveBack(binding.imported());
  }

  boolean isKnownHandler(String name) {
    return knowsHandler(name);
  }

  /** Takes the ports that came with a message into the table: all of them or none. */
  private void register(Binding binding) {
    if (binding.isEmpty()) {
      return;
    }
    String flood = null;
    lock.lock();
    try {
      for (String uid : binding.portIds()) {
        if (uid.equals(Frame.CONTROL) || ports.containsKey(uid)) {
          throw Refusal.typeError("port name is in use");
        }
      }
      if (importedPorts + binding.portIds().size() > limits.ports()) {
        flood = "more than " + limits.ports() + " ports";
      } else {
        importedPorts += binding.portIds().size();
        binding.rpcPorts().forEach(p -> ports.put(p.port.uid, p.port));
        binding.rawPorts().forEach(p -> ports.put(p.uid(), p));
        if (options.releaseGarbage()) {
          for (PortRemote remote : binding.rpcPorts()) {
            if (remote.lease != null) {
              remote.port.leaseEnd = new Lease.Ended(remote.lease, garbage, remote.port.uid);
            }
          }
          if (!binding.rpcPorts().isEmpty()) {
            armTimer(scheduler.nowNanos() + SWEEP_NANOS);
          }
        }
      }
    } finally {
      lock.unlock();
    }
    if (flood != null) {
      violated(flood);
      throw Refusal.rangeError(flood);
    }
  }

  /** A port that the peer made, to be called; it is not in the table yet. */
  PortRemote importPort(String uid, long deadlineNanos) {
    RpcPort port = RpcPort.imported(uid, new SerialExecutor(executor));
    return new PortRemote(this, port, new Lease(), List.of(), deadlineNanos);
  }

  RawPort importRaw(String uid) {
    return new RawPort(this, uid, new SerialExecutor(executor));
  }

  private void receiveRequest(RpcPort port, Frame frame, String type, String id) {
    Binding binding = new Binding(this, options.callDeadline().toNanos());
    Request request;
    try {
      Transfers.Applied applied = apply(frame);
      if (!(applied.data() instanceof JsValue.Obj data)) {
        throw Refusal.typeError("not a request");
      }
      request = binding.bind(Request.parse(type, id, data, requestLimits));
      register(binding);
    } catch (Refusal e) {
      refuse(port, id, e);
      return;
    }
    if (request instanceof Request.Release) {
      receiveRelease(port, id);
      return;
    }
    ServedObject served;
    lock.lock();
    try {
      served = port.served;
      if (served == null && port == root && !exposedOnce && !closed) {
        if (held.size() < limits.callsWaiting()) {
          long deadline = scheduler.nowNanos() + options.serveDeadline().toNanos();
          held.add(new HeldRequest(request, binding.imported(), deadline));
          armTimer(deadline);
          return;
        }
      }
    } finally {
      lock.unlock();
    }
    if (served == null) {
      refuse(port, id, Refusal.rangeError("too many calls"));
      giveBack(binding.imported());
      return;
    }
    submit(port, served, request, binding.imported());
  }

  private void submit(
      RpcPort port, ServedObject served, Request request, List<AutoCloseable> imported) {
    if (request instanceof Request.Endpoint) {
      answerEndpoint(port, served, request.id());
      return;
    }
    ServedCall call =
        new ServedCall(
            this,
            port,
            served,
            request,
            scheduler.nowNanos() + options.serveDeadline().toNanos(),
            imported);
    lock.lock();
    try {
      if (closed) {
        return;
      }
      served.use.running++;
      active.add(call);
      armTimer(call.deadlineNanos);
    } finally {
      lock.unlock();
    }
    if (!runner.submit(call)) {
      refuse(port, request.id(), Refusal.rangeError("too many calls"));
      giveBack(imported);
      callDone(call, false);
    }
  }

  private void answerEndpoint(RpcPort port, ServedObject served, String id) {
    ExportScope scope = new ExportScope(this);
    WireValue reply;
    lock.lock();
    try {
      if (exportedPorts >= limits.ports()) {
        reply = null;
      } else {
        RpcPort further =
            RpcPort.exported(newId(), new SerialExecutor(executor), serve(served.exposed));
        ports.put(further.uid, further);
        exportedPorts++;
        scope.add(further);
        reply = new WireValue.Raw(new JsValue.Port(further.uid, null));
      }
    } finally {
      lock.unlock();
    }
    if (reply == null) {
      refuse(port, id, Refusal.rangeError("more than " + limits.ports() + " exported ports"));
    } else {
      sendReply(port, id, reply, scope, () -> {});
    }
  }

  private void receiveRelease(RpcPort port, String id) {
    sendReply(port, id, WireValue.undefined(), new ExportScope(this), () -> {});
    releasedByPeer(port);
  }

  /** The peer does not use the port any more; the root keeps its calling side. */
  private void releasedByPeer(RpcPort port) {
    Exposed finaliser = null;
    List<HeldRequest> forgotten;
    lock.lock();
    try {
      if (port.releasedByPeer) {
        return;
      }
      port.releasedByPeer = true;
      ServedObject served = port.served;
      port.served = null;
      if (served != null) {
        finaliser = dropUse(served);
      }
      if (port != root && ports.remove(port.uid, port)) {
        exportedPorts--;
      }
      forgotten = port == root ? new ArrayList<>(held) : List.of();
      held.removeAll(forgotten);
    } finally {
      lock.unlock();
    }
    forgotten.forEach(h -> giveBack(h.imported()));
    runFinaliser(finaliser);
  }

  /** Releases what came with a request that is not served after all. */
  void giveBack(List<AutoCloseable> imported) {
    for (AutoCloseable thing : imported) {
      if (thing instanceof Remote remote) {
        remote.close();
      } else if (thing instanceof RawPort port) {
        port.close();
      }
    }
  }

  private void refuse(RpcPort port, String id, Refusal refusal) {
    lock.lock();
    try {
      refused++;
    } finally {
      lock.unlock();
    }
    sendReply(
        port,
        id,
        WireValue.error(refusal.name(), refusal.text(), Map.of()),
        new ExportScope(this),
        () -> {});
  }

  // ---------------------------------------------------------------- answering

  /** Sends the answer of a call; {@code settled} runs once, whatever becomes of it. */
  void answer(
      ServedCall call,
      @Nullable Object value,
      ResultShape shape,
      @Nullable Throwable thrown,
      Runnable settled) {
    ExportScope scope = new ExportScope(this);
    WireValue reply;
    if (thrown != null) {
      reply = errors.toWire(thrown, scope);
    } else if (shape.isVoid()) {
      reply = WireValue.undefined();
    } else {
      try {
        reply = codec.encode(value, shape.byReference(), scope);
      } catch (RuntimeException e) {
        scope.rollback();
        scope = new ExportScope(this);
        reply = errors.toWire(e, scope);
      }
    }
    sendReply(call.port, call.request.id(), reply, scope, settled);
  }

  private void sendReply(
      RpcPort port, String id, WireValue reply, ExportScope scope, Runnable settled) {
    boolean unwanted;
    lock.lock();
    try {
      unwanted = closed || port.releasedByPeer;
    } finally {
      lock.unlock();
    }
    if (unwanted) {
      scope.rollback();
      settled.run();
      return;
    }
    Map<String, JsValue> members = reply.toMembers();
    members.put("id", JsValue.of(id));
    try {
      transmit(port.uid, new JsValue.Obj(members), scope, settled);
      scope.commit();
    } catch (PayloadTooLargeException e) {
      scope.rollback();
      sendReply(
          port,
          id,
          WireValue.error(
              "RangeError", "reply of " + e.bytes() + " bytes exceeds the channel limit", Map.of()),
          new ExportScope(this),
          settled);
    } catch (RpcException e) {
      scope.rollback();
      settled.run();
      if (e.code() == RpcException.Code.LIMIT) {
        closeWith("the peer does not read: " + e.getMessage());
      }
    }
  }

  void callDone(ServedCall call, boolean ran) {
    Exposed finaliser;
    lock.lock();
    try {
      if (!active.remove(call)) {
        return;
      }
      callsServed++;
      call.served.use.running--;
      finaliser = finaliserDue(call.served.use);
    } finally {
      lock.unlock();
    }
    runFinaliser(finaliser);
    if (ran) {
      runner.finished();
    }
  }

  // ---------------------------------------------------------------- control frames

  private void control(JsValue data) {
    if (data.get("hello") instanceof JsValue.Obj hello) {
      peer = Hello.parse(hello);
      outbox.peerSaid(peer);
    } else if (data.get("chunk") instanceof JsValue.Obj chunk) {
      receiveChunk(chunk);
    } else if (data.get("close") instanceof JsValue.Arr uids) {
      for (JsValue uid : uids.items()) {
        if (uid instanceof JsValue.Text text && !text.value().isEmpty()) {
          forgottenByPeer(text.value());
        }
      }
    } else {
      drop("unknown control message");
    }
  }

  private void receiveChunk(JsValue.Obj chunk) {
    try {
      long now = scheduler.nowNanos();
      String whole = chunks.add(chunk, now);
      boolean unfinished = !chunks.isEmpty();
      lock.lock();
      try {
        chunksUnfinished = unfinished;
        if (unfinished) {
          armTimer(now + ChunkAssembler.IDLE_NANOS);
        }
      } finally {
        lock.unlock();
      }
      if (whole != null) {
        process(whole, true);
      }
    } catch (ChunkAssembler.ChunkException e) {
      closeWith("the peer broke the rules for chunks: " + e.getMessage());
    }
  }

  private void forgottenByPeer(String uid) {
    Object port;
    lock.lock();
    try {
      port = ports.get(uid);
    } finally {
      lock.unlock();
    }
    if (port instanceof RawPort raw) {
      removeRaw(raw);
      raw.closed();
    } else if (port instanceof RpcPort rpc && rpc.pending == null) {
      releasedByPeer(rpc);
    } else if (port instanceof RpcPort rpc && rpc.pending != null) {
      List<PendingCall> failing;
      lock.lock();
      try {
        rpc.releasedByUs = true;
        failing = new ArrayList<>(rpc.pending.values());
        pendingCalls -= failing.size();
        rpc.pending.clear();
      } finally {
        lock.unlock();
      }
      removeImported(rpc);
      fail(failing, RpcException.Code.RELEASED, "the peer closed the port");
    }
  }

  // ---------------------------------------------------------------- time

  /** Makes sure that the timer fires by then. Under the lock. */
  private void armTimer(long atNanos) {
    if (closed || (timerArmed && timerAtNanos - atNanos <= 0)) {
      return;
    }
    Runnable cancel = timerCancel;
    if (cancel != null) {
      cancel.run();
    }
    timerArmed = true;
    timerAtNanos = atNanos;
    timerCancel = scheduler.schedule(this::onTimer, Math.max(0, atNanos - scheduler.nowNanos()));
  }

  private void onTimer() {
    long now = scheduler.nowNanos();
    List<PendingCall> late = new ArrayList<>();
    List<ServedCall> slow = new ArrayList<>();
    List<HeldRequest> unserved = new ArrayList<>();
    boolean stalled;
    lock.lock();
    try {
      timerArmed = false;
      timerCancel = null;
      if (closed) {
        return;
      }
      for (Object port : ports.values()) {
        if (port instanceof RpcPort rpc && rpc.pending != null) {
          rpc.pending.values().removeIf(call -> call.deadlineNanos - now <= 0 && late.add(call));
          rpc.pending.values().forEach(call -> armTimer(call.deadlineNanos));
        }
      }
      pendingCalls -= late.size();
      late.forEach(call -> givenUp.put(call.id, call.purpose));
      for (ServedCall call : active) {
        if (call.deadlineNanos - now <= 0) {
          slow.add(call);
        } else {
          armTimer(call.deadlineNanos);
        }
      }
      held.removeIf(request -> request.deadlineNanos() - now <= 0 && unserved.add(request));
      held.forEach(request -> armTimer(request.deadlineNanos()));
      stalled = chunksUnfinished && chunks.isStalled(now);
      if (chunksUnfinished) {
        armTimer(now + ChunkAssembler.IDLE_NANOS);
      }
      if (options.releaseGarbage() && importedPorts > 0) {
        armTimer(now + SWEEP_NANOS);
      }
    } finally {
      lock.unlock();
    }
    for (PendingCall call : late) {
      call.reply.completeExceptionally(
          new RpcTimeoutException(call.description + " was not answered in time"));
      endLoan(call);
    }
    slow.forEach(ServedCall::expire);
    for (HeldRequest request : unserved) {
      refuse(root, request.request().id(), Refusal.typeError("nothing is exposed here"));
      giveBack(request.imported());
    }
    if (stalled) {
      closeWith("the peer left a message unfinished");
      return;
    }
    releaseGarbage();
  }

  /** Releases ports whose proxies nobody has any more. */
  private void releaseGarbage() {
    while (garbage.poll() instanceof Lease.Ended ended) {
      Object port;
      lock.lock();
      try {
        port = ports.get(ended.uid);
      } finally {
        lock.unlock();
      }
      if (port instanceof RpcPort rpc && rpc.leaseEnd == ended) {
        release(rpc, options.callDeadline().toNanos());
      }
    }
  }

  // ---------------------------------------------------------------- end

  @Override
  public boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public CompletableFuture<String> closed() {
    return closedFuture.copy();
  }

  @Override
  public void close() {
    closeWith("closed by this side");
  }

  private void closeWith(String reason) {
    List<PendingCall> failing = new ArrayList<>();
    List<ServedCall> running;
    List<Exposed> finalisers = new ArrayList<>();
    List<RawPort> rawPorts = new ArrayList<>();
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      Runnable cancel = timerCancel;
      if (cancel != null) {
        cancel.run();
      }
      for (Object port : ports.values()) {
        if (port instanceof RawPort raw) {
          rawPorts.add(raw);
        } else if (port instanceof RpcPort rpc) {
          if (rpc.pending != null) {
            failing.addAll(rpc.pending.values());
            rpc.pending.clear();
          }
          rpc.releasedByPeer = true;
          rpc.releasedByUs = true;
          ServedObject served = rpc.served;
          rpc.served = null;
          if (served != null) {
            Exposed finaliser = dropUse(served);
            if (finaliser != null) {
              finalisers.add(finaliser);
            }
          }
        }
      }
      ports.clear();
      madeHere.clear();
      givenUp.clear();
      held.clear();
      exportedPorts = 0;
      importedPorts = 0;
      pendingCalls = 0;
      running = new ArrayList<>(active);
    } finally {
      lock.unlock();
    }
    LOG.debug("connection closed: {}", reason);
    runner.close();
    outbox.close();
    fail(failing, RpcException.Code.CLOSED, reason);
    running.forEach(ServedCall::abandon);
    rawPorts.forEach(RawPort::closed);
    finalisers.forEach(this::runFinaliser);
    endpoint.close();
    execute(() -> closedFuture.complete(reason));
    shutDownWhenIdle();
  }

  /** Own threads end with the last finaliser, which may still wait for a running call. */
  private void shutDownWhenIdle() {
    if (ownExecutor != null) {
      ownExecutor.shutdown();
    }
  }

  @Override
  public RpcOptions options() {
    return options;
  }

  @Override
  public RpcStats stats() {
    lock.lock();
    try {
      return new RpcStats(
          framesReceived,
          outbox.framesSent(),
          callsServed,
          runner.running(),
          runner.waiting(),
          pendingCalls,
          exportedPorts,
          importedPorts,
          refused,
          dropped);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public String toString() {
    return "RpcConnection[" + endpoint + "]";
  }

  /** What the 2020 adapter cannot take on ports that its page made. */
  private static final class Quirks2020 {
    static JsValue soften(JsValue value) {
      if (value instanceof JsValue.Binary binary) {
        return new JsValue.Binary(BinaryKind.ARRAY_BUFFER, binary.bytes());
      }
      if (value instanceof JsValue.Obj object) {
        Map<String, JsValue> members = new LinkedHashMap<>();
        object
            .members()
            .forEach(
                (name, member) -> {
                  if (member != JsValue.nullValue()) {
                    members.put(name, soften(member));
                  }
                });
        return new JsValue.Obj(members);
      }
      if (value instanceof JsValue.Arr array) {
        return new JsValue.Arr(array.items().stream().map(Quirks2020::soften).toList());
      }
      return value;
    }
  }
}

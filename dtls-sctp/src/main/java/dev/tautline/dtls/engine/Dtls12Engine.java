package dev.tautline.dtls.engine;

import dev.tautline.base.Backoff;
import dev.tautline.base.DropCounters;
import dev.tautline.base.Timer;
import dev.tautline.dtls.DtlsDrop;
import dev.tautline.dtls.DtlsEngine;
import dev.tautline.dtls.DtlsEvent;
import dev.tautline.dtls.DtlsFailure;
import dev.tautline.dtls.DtlsOptions;
import dev.tautline.dtls.DtlsRole;
import dev.tautline.dtls.DtlsSink;
import dev.tautline.dtls.DtlsStatistics;
import dev.tautline.dtls.Fingerprint;
import dev.tautline.dtls.record.AeadAlgorithm;
import dev.tautline.dtls.record.RecordHeader;
import dev.tautline.dtls.record.RecordNumbersExhaustedException;
import dev.tautline.dtls.record.RecordOpener;
import dev.tautline.dtls.record.RecordSealer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * DTLS 1.2 on the loop. It walks records, reassembles the peer's handshake messages and feeds them
 * to the handshake's thread one after the other, sends its flights and sends them again, and takes
 * over the keys when it is done. The handshake's thread sees a network that loses nothing, so the
 * one retransmission timer of an association is the one here, in the loop's time.
 *
 * <pre>{@code
 * NEW -> HANDSHAKING -> VERIFYING -> ESTABLISHED -> CLOSED
 * }</pre>
 *
 * <p>Thread rule: used by one thread at a time.
 */
public final class Dtls12Engine implements DtlsEngine {
  /** The least time between two answers to a repeated flight or to a wish to renegotiate. */
  static final long ANSWER_INTERVAL_NANOS = 50_000_000L;

  private static final int MAX_HELD_RECORDS = 16;
  private static final int MAX_HELD_BYTES = 32 * 1024;
  private static final int FINISHED = 20;
  private static final int HELLO_REQUEST = 0;

  private enum Phase {
    /** In: creation. Out: HANDSHAKING on start, CLOSED on close. */
    NEW,
    /** In: start. Out: VERIFYING when the handshake's thread succeeded, CLOSED when it failed. */
    HANDSHAKING,
    /**
     * In: the handshake is complete. Out: ESTABLISHED when a fingerprint matches, CLOSED when none
     * does.
     */
    VERIFYING,
    /** In: the fingerprint matched. Out: CLOSED on close, alert, or the last record number. */
    ESTABLISHED,
    /** In: close, failure, close_notify. No way out. */
    CLOSED
  }

  private final DtlsOptions options;
  private final DtlsRole role;
  private final HandshakeStarter starter;
  private final DtlsSink sink;
  private final PeerTrust trust = new PeerTrust();
  private final DropCounters<DtlsDrop> drops = new DropCounters<>(DtlsDrop.class);
  private final HandshakeReassembly reassembly = new HandshakeReassembly(drops::count);
  private final ArrayDeque<DtlsEvent> events = new ArrayDeque<>();
  private final ArrayDeque<byte[]> outgoing = new ArrayDeque<>();
  private final Timer retransmission;
  private final HandshakeLink link;

  private Phase phase = Phase.NEW;
  private long lastNowNanos;
  private long handshakeDeadlineNanos = Timer.NOT_RUNNING;
  private long progressDeadlineNanos = Timer.NOT_RUNNING;
  private boolean taskStarted;
  private boolean peerSpoke;
  private int armedFlight;
  private long flightSentNanos;
  private int flightAtLastMessage = -1;
  private long nextRenegotiationAnswerNanos;
  private long recordsSealed;
  private long recordsOpened;
  private long flightRetransmissions;

  // What the handshake's thread is fed.
  private long feedNumber;
  private boolean changeCipherSpecAllowed;
  private boolean changeCipherSpecFed;
  private byte @Nullable [] parkedChangeCipherSpec;
  private final ArrayDeque<byte[]> parkedSealed = new ArrayDeque<>();

  // What came before it may be handed up.
  private final ArrayDeque<byte[]> held = new ArrayDeque<>();
  private int heldBytes;
  private boolean establishedPolled;

  // What is there after the handshake.
  private @Nullable RecordSealer sealer;
  private @Nullable RecordOpener opener;
  private byte @Nullable [] peerCertificate;
  private String cipherSuite = "";
  private List<FlightRecord> lastFlight = List.of();
  private byte[] plaintext = new byte[2048];

  /**
   * An engine that was not started.
   *
   * @param starter starts the computation of the handshake elsewhere
   * @param wakeup told, from any thread, when there is something to poll
   */
  public Dtls12Engine(
      DtlsOptions options,
      DtlsRole role,
      HandshakeStarter starter,
      Runnable wakeup,
      DtlsSink sink) {
    this.options = options;
    this.role = role;
    this.starter = starter;
    this.sink = sink;
    this.link = new HandshakeLink(wakeup);
    this.retransmission = new Timer(Backoff.doublingTo(options.maxRetransmission().toNanos()));
  }

  // ---- The caller's side

  @Override
  public void start(long nowNanos) {
    if (phase != Phase.NEW) {
      throw new IllegalStateException("start in state " + phase);
    }
    lastNowNanos = nowNanos;
    phase = Phase.HANDSHAKING;
    handshakeDeadlineNanos = nowNanos + options.handshakeTimeout().toNanos();
    if (role == DtlsRole.CLIENT && !taskStarted) {
      startTask();
    }
  }

  @Override
  public void prepare() {
    if (phase != Phase.NEW || taskStarted) {
      return;
    }
    try {
      starter.start(link, trust);
      taskStarted = true;
    } catch (RejectedExecutionException e) {
      // There may be a thread for it by the time it is needed.
    }
  }

  @Override
  public void setRemoteFingerprints(List<Fingerprint> fingerprints) {
    if (phase == Phase.ESTABLISHED || phase == Phase.CLOSED) {
      return;
    }
    trust.announce(fingerprints);
    verify();
  }

  @Override
  public int headroom() {
    RecordSealer current = sealer;
    return current == null
        ? AeadAlgorithm.AES_128_GCM.headroomBytes()
        : current.algorithm().headroomBytes();
  }

  @Override
  public int tailroom() {
    return AeadAlgorithm.TAG_BYTES;
  }

  @Override
  public int seal(byte[] buffer, int offset, int length) {
    RecordSealer current = sealer;
    if (phase != Phase.ESTABLISHED || current == null) {
      throw new IllegalStateException("seal in state " + phase);
    }
    if (length < 1) {
      throw new IllegalArgumentException("a record of " + length + " bytes");
    }
    try {
      int recordLength = current.seal(RecordHeader.APPLICATION_DATA, buffer, offset, length);
      recordsSealed++;
      return recordLength;
    } catch (RecordNumbersExhaustedException e) {
      sendAlert(Alerts.WARNING, Alerts.CLOSE_NOTIFY);
      fail(DtlsFailure.RECORD_NUMBERS_EXHAUSTED, "2^48 records were sent");
      throw new IllegalStateException("all record numbers were used; the association is closed", e);
    }
  }

  @Override
  public void close(long nowNanos) {
    if (phase == Phase.CLOSED) {
      return;
    }
    settle(nowNanos);
    if (phase == Phase.CLOSED) {
      return;
    }
    outgoing.clear();
    // A peer that has heard nothing of us needs no good-bye.
    if (phase != Phase.NEW && (role == DtlsRole.CLIENT || peerSpoke)) {
      sendAlert(Alerts.WARNING, Alerts.CLOSE_NOTIFY);
    }
    end();
  }

  @Override
  public boolean isEstablished() {
    return phase == Phase.ESTABLISHED;
  }

  @Override
  public DtlsRole role() {
    return role;
  }

  @Override
  public DtlsStatistics statistics() {
    return new DtlsStatistics(
        recordsSealed, recordsOpened, flightRetransmissions, drops.snapshot());
  }

  /**
   * Whether the handshake's thread computes at this moment. A simulation moves its clock on only
   * when it does not.
   */
  public boolean isComputing() {
    return taskStarted && !link.isIdle();
  }

  // ---- The face of a protocol machine

  @Override
  public void receive(long nowNanos, byte[] packet, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, packet.length);
    settle(nowNanos);
    receiveRecords(nowNanos, packet, offset, offset + length);
    if (phase == Phase.HANDSHAKING) {
      link.wakeReader();
    }
  }

  private void receiveRecords(long nowNanos, byte[] packet, int offset, int end) {
    int at = offset;
    while (at < end) {
      if (phase == Phase.NEW || phase == Phase.CLOSED) {
        drops.count(DtlsDrop.NOT_ACTIVE);
        return;
      }
      if (end - at < RecordHeader.LENGTH
          || RecordHeader.fragmentLength(packet, at) > end - at - RecordHeader.LENGTH) {
        // The rest of this datagram cannot be walked; the next datagram can.
        drops.count(DtlsDrop.MALFORMED_RECORD);
        return;
      }
      int recordLength = RecordHeader.LENGTH + RecordHeader.fragmentLength(packet, at);
      if (packet[at + 1] != (byte) 0xfe) {
        drops.count(DtlsDrop.MALFORMED_RECORD);
      } else if (phase == Phase.HANDSHAKING) {
        receiveHandshaking(nowNanos, packet, at, recordLength);
      } else {
        receiveProtected(nowNanos, packet, at, recordLength);
      }
      at += recordLength;
    }
  }

  @Override
  public void advanceTo(long nowNanos) {
    settle(nowNanos);
    if (phase == Phase.VERIFYING && nowNanos >= handshakeDeadlineNanos) {
      sendAlert(Alerts.WARNING, Alerts.CLOSE_NOTIFY);
      fail(DtlsFailure.TIMEOUT, "the peer's fingerprint did not become known in time");
    }
    if (phase != Phase.HANDSHAKING) {
      return;
    }
    if (nowNanos >= handshakeDeadlineNanos) {
      fail(
          DtlsFailure.TIMEOUT,
          "the handshake took longer than " + options.handshakeTimeout().toMillis() + " ms");
    } else if (nowNanos >= progressDeadlineNanos) {
      fail(
          DtlsFailure.TIMEOUT,
          "the handshake stood still for " + options.progressTimeout().toMillis() + " ms");
    } else if (retransmission.expire(nowNanos)) {
      sendFlightAgain(nowNanos, link.flight());
    }
  }

  @Override
  public long nextDeadlineNanos() {
    if (mayDeliverHeld()) {
      return lastNowNanos;
    }
    return switch (phase) {
      case HANDSHAKING ->
          Math.min(
              retransmission.deadlineNanos(),
              Math.min(handshakeDeadlineNanos, progressDeadlineNanos));
      case VERIFYING -> handshakeDeadlineNanos;
      case NEW, ESTABLISHED, CLOSED -> Timer.NOT_RUNNING;
    };
  }

  @Override
  public int pollPacket(long nowNanos, byte[] out, int offset, int limit) {
    Objects.checkFromToIndex(offset, limit, out.length);
    settle(nowNanos);
    int room = Math.min(limit - offset, options.maxHandshakeDatagramBytes());
    int at = offset;
    // As many records as fit: fewer datagrams, fewer losses.
    for (byte[] record = outgoing.peek();
        record != null && record.length <= room - (at - offset);
        record = outgoing.peek()) {
      System.arraycopy(record, 0, out, at, record.length);
      at += record.length;
      outgoing.remove();
    }
    if (at == offset && !outgoing.isEmpty()) {
      throw new IllegalArgumentException(
          "a record of " + outgoing.element().length + " bytes needs more room than " + room);
    }
    return at - offset;
  }

  @Override
  public @Nullable DtlsEvent pollEvent() {
    settle(lastNowNanos);
    DtlsEvent event = events.poll();
    if (event instanceof DtlsEvent.Established) {
      establishedPolled = true;
    }
    return event;
  }

  // ---- Between the threads

  /** Takes over what the handshake's thread did, and hands up what was held. */
  private void settle(long nowNanos) {
    lastNowNanos = Math.max(lastNowNanos, nowNanos);
    if (phase == Phase.HANDSHAKING && taskStarted) {
      // Asked for before the records are taken: all records were queued before it ended.
      HandshakeOutcome outcome = link.outcome();
      takeFlight(lastNowNanos);
      if (outcome instanceof HandshakeOutcome.Succeeded succeeded) {
        takeOver(succeeded);
      } else if (outcome instanceof HandshakeOutcome.Broken broken) {
        fail(broken.code(), broken.detail());
      }
    }
    deliverHeld();
  }

  private void takeFlight(long nowNanos) {
    if (!link.flightComplete()) {
      return;
    }
    link.drainTo(outgoing);
    int flight = link.flightNumber();
    if (flight != armedFlight) {
      armedFlight = flight;
      flightSentNanos = nowNanos;
      progress();
      retransmission.start(nowNanos, options.initialRetransmission().toNanos());
    }
  }

  private void takeOver(HandshakeOutcome.Succeeded succeeded) {
    phase = Phase.VERIFYING;
    retransmission.stop();
    sealer = link.loopSealer();
    opener = succeeded.opener();
    peerCertificate = succeeded.peerCertificate();
    cipherSuite = succeeded.cipherSuite();
    // "The node that transmits the last flight MUST respond to a retransmit of the peer's last
    // flight with a retransmit of the last flight", RFC 6347 section 4.2.4: in a full handshake
    // that is the server.
    List<FlightRecord> flight = link.takeFlight();
    lastFlight = role == DtlsRole.SERVER ? flight : List.of();
    List<byte[]> unread = link.drainUnread();
    verify();
    for (byte[] record : unread) {
      if (phase == Phase.CLOSED) {
        return;
      }
      receiveProtected(lastNowNanos, record, 0, record.length);
    }
  }

  private void verify() {
    byte[] certificate = peerCertificate;
    if (phase != Phase.VERIFYING || certificate == null) {
      return;
    }
    switch (trust.judge(certificate)) {
      case MATCH -> {
        phase = Phase.ESTABLISHED;
        events.add(new DtlsEvent.Established(cipherSuite, certificate, role));
      }
      case MISMATCH -> {
        sendAlert(Alerts.FATAL, Alerts.BAD_CERTIFICATE);
        fail(
            DtlsFailure.FINGERPRINT_MISMATCH,
            "the peer's certificate has fingerprint "
                + Fingerprint.ofCertificate(certificate).toSdp()
                + ", which was not announced");
      }
      case UNKNOWN -> {
        // Waits for signalling, within the handshake's time limit.
      }
    }
  }

  private void startTask() {
    taskStarted = true;
    try {
      starter.start(link, trust);
    } catch (RejectedExecutionException e) {
      fail(DtlsFailure.OVERLOADED, "no thread takes the handshake");
    }
  }

  // ---- Records while the handshake runs

  private void receiveHandshaking(long nowNanos, byte[] packet, int at, int recordLength) {
    int type = RecordHeader.type(packet, at);
    switch (RecordHeader.epoch(packet, at)) {
      case 0 -> receivePlain(nowNanos, type, packet, at, recordLength);
      case 1 -> {
        byte[] record = Arrays.copyOfRange(packet, at, at + recordLength);
        if (type == RecordHeader.APPLICATION_DATA) {
          hold(record);
        } else if (type == RecordHeader.HANDSHAKE || type == RecordHeader.ALERT) {
          feedSealed(record);
        } else {
          drops.count(DtlsDrop.UNEXPECTED_RECORD);
        }
      }
      default -> drops.count(DtlsDrop.OTHER_EPOCH);
    }
  }

  private void receivePlain(long nowNanos, int type, byte[] packet, int at, int recordLength) {
    int fragment = at + RecordHeader.LENGTH;
    int length = recordLength - RecordHeader.LENGTH;
    switch (type) {
      case RecordHeader.HANDSHAKE -> {
        switch (reassembly.take(packet, fragment, length)) {
          case OK -> feedMessages();
          case REPEATED_LAST -> {
            feedMessages();
            // The peer repeats its flight because ours was lost, or is still on its way where a
            // round trip takes longer than the peer's timer.
            if (armedFlight > flightAtLastMessage
                && nowNanos - flightSentNanos >= ANSWER_INTERVAL_NANOS) {
              sendFlightAgain(nowNanos, link.flight());
            }
          }
          case OVERFLOW ->
              fail(
                  DtlsFailure.LIMIT_EXCEEDED,
                  "the peer's handshake holds more than "
                      + HandshakeReassembly.MAX_BUFFERED_BYTES
                      + " bytes");
        }
      }
      case RecordHeader.CHANGE_CIPHER_SPEC -> {
        if (!changeCipherSpecFed) {
          parkedChangeCipherSpec = Arrays.copyOfRange(packet, fragment, fragment + length);
          feedParked();
        }
      }
      case RecordHeader.ALERT -> {
        // Before the ClientHello was read nothing of ours can have caused an alert: it is left over
        // from another association.
        if (role == DtlsRole.SERVER && !peerSpoke) {
          drops.count(DtlsDrop.EARLY_ALERT);
        } else {
          feed(RecordHeader.ALERT, Arrays.copyOfRange(packet, fragment, fragment + length));
        }
      }
      default -> drops.count(DtlsDrop.UNEXPECTED_RECORD);
    }
  }

  private void feedMessages() {
    for (byte[] message = reassembly.poll();
        message != null && phase == Phase.HANDSHAKING;
        message = reassembly.poll()) {
      int type = message[0] & 0xff;
      peerSpoke = true;
      if (!taskStarted) {
        startTask();
      }
      progress();
      flightAtLastMessage = armedFlight;
      feedMessage(message);
      // All that the peer says in plaintext has come; the key change may be told. Told earlier,
      // the library would refuse the rest of the plaintext for ever.
      if (type
          == (role == DtlsRole.SERVER
              ? HandshakeReassembly.CERTIFICATE_VERIFY
              : HandshakeReassembly.SERVER_HELLO_DONE)) {
        changeCipherSpecAllowed = true;
      }
    }
    feedParked();
  }

  /** A record holds 2^14 bytes, a message may hold twice that. */
  private void feedMessage(byte[] message) {
    int header = HandshakeReassembly.HEADER_BYTES;
    int most = RecordHeader.MAX_PLAINTEXT_BYTES - header;
    int bodyLength = message.length - header;
    int from = 0;
    do {
      int part = Math.min(most, bodyLength - from);
      byte[] fragment = new byte[header + part];
      System.arraycopy(message, 0, fragment, 0, header);
      putU24(fragment, 6, from);
      putU24(fragment, 9, part);
      System.arraycopy(message, header + from, fragment, header, part);
      feed(RecordHeader.HANDSHAKE, fragment);
      from += part;
    } while (from < bodyLength);
  }

  private void feedSealed(byte[] record) {
    if (changeCipherSpecFed) {
      offer(record);
    } else if (parkedSealed.size() < 4) {
      parkedSealed.add(record);
      feedParked();
    } else {
      drops.count(DtlsDrop.UNEXPECTED_RECORD);
    }
  }

  private void feedParked() {
    byte[] changeCipherSpec = parkedChangeCipherSpec;
    if (!changeCipherSpecAllowed || changeCipherSpec == null) {
      return;
    }
    changeCipherSpecFed = true;
    parkedChangeCipherSpec = null;
    feed(RecordHeader.CHANGE_CIPHER_SPEC, changeCipherSpec);
    for (byte[] record = parkedSealed.poll(); record != null; record = parkedSealed.poll()) {
      offer(record);
    }
  }

  /** Feeds a plaintext record, numbered anew: to the library the network is in order. */
  private void feed(int type, byte[] fragment) {
    offer(RecordHeader.record(type, feedNumber++, fragment));
  }

  private void offer(byte[] record) {
    if (phase == Phase.HANDSHAKING && !link.offer(record)) {
      drops.count(DtlsDrop.HANDSHAKE_LIMIT);
      fail(DtlsFailure.LIMIT_EXCEEDED, "too much of a handshake waits to be read");
    }
  }

  private void progress() {
    progressDeadlineNanos = lastNowNanos + options.progressTimeout().toNanos();
    if (role == DtlsRole.CLIENT && flightAtLastMessage < 0) {
      // Until the server said something only the whole limit counts: it may have to wait for
      // signalling before it can answer.
      progressDeadlineNanos = Timer.NOT_RUNNING;
    }
  }

  private void sendFlightAgain(long nowNanos, List<FlightRecord> flight) {
    if (flight.isEmpty() || !outgoing.isEmpty()) {
      return;
    }
    flightRetransmissions++;
    flightSentNanos = nowNanos;
    for (FlightRecord record : flight) {
      if (record.epoch() == 0) {
        outgoing.add(link.plainRecord(record.type(), record.plaintext()));
      } else {
        sendSealed(record.type(), record.plaintext());
      }
    }
  }

  // ---- Records after the handshake

  private void receiveProtected(long nowNanos, byte[] packet, int at, int recordLength) {
    int epoch = RecordHeader.epoch(packet, at);
    if (epoch == 0) {
      // Anybody could have written it; an alert among them ends nothing.
      drops.count(DtlsDrop.PLAINTEXT_AFTER_HANDSHAKE);
      return;
    }
    RecordOpener current = opener;
    if (epoch != 1 || current == null) {
      drops.count(DtlsDrop.OTHER_EPOCH);
      return;
    }
    if (RecordHeader.version(packet, at) != RecordHeader.VERSION_1_2) {
      // Not among what the tag protects here, since it is a constant to us.
      drops.count(DtlsDrop.BAD_RECORD);
      return;
    }
    int type = RecordHeader.type(packet, at);
    boolean data = type == RecordHeader.APPLICATION_DATA;
    if (phase == Phase.VERIFYING && data
        || phase == Phase.ESTABLISHED && (!establishedPolled || !held.isEmpty())) {
      hold(Arrays.copyOfRange(packet, at, at + recordLength));
      return;
    }
    int length = recordLength - RecordHeader.LENGTH;
    if (plaintext.length < length) {
      plaintext = new byte[length];
    }
    int opened =
        current.open(
            type,
            RecordHeader.number(packet, at),
            packet,
            at + RecordHeader.LENGTH,
            length,
            plaintext,
            0);
    if (opened == RecordOpener.REPLAYED) {
      drops.count(DtlsDrop.REPLAYED);
    } else if (opened == RecordOpener.BAD) {
      drops.count(DtlsDrop.BAD_RECORD);
    } else if (data) {
      if (opened > 0) {
        recordsOpened++;
        sink.applicationData(nowNanos, plaintext, 0, opened);
      }
    } else if (type == RecordHeader.ALERT) {
      receiveAlert(opened);
    } else if (type == RecordHeader.HANDSHAKE) {
      receiveLateHandshake(nowNanos, opened);
    } else {
      drops.count(DtlsDrop.UNEXPECTED_RECORD);
    }
  }

  private void receiveAlert(int length) {
    if (length != 2) {
      drops.count(DtlsDrop.MALFORMED_RECORD);
      return;
    }
    int level = plaintext[0] & 0xff;
    int description = plaintext[1] & 0xff;
    if (description == Alerts.CLOSE_NOTIFY) {
      // "The other party MUST respond with a close_notify alert of its own", RFC 5246 section
      // 7.2.1.
      sendAlert(Alerts.WARNING, Alerts.CLOSE_NOTIFY);
      end();
      events.add(new DtlsEvent.PeerClosed());
    } else if (level == Alerts.FATAL) {
      fail(DtlsFailure.PEER_ALERT, "the peer sent " + Alerts.name(description));
    }
    // Other warnings end nothing, RFC 5246 section 7.2.
  }

  private void receiveLateHandshake(long nowNanos, int length) {
    int message = length < HandshakeReassembly.HEADER_BYTES ? -1 : plaintext[0] & 0xff;
    if (message == FINISHED) {
      // The peer's Finished again: our last flight was lost. The interval keeps two sides from
      // answering each other without end.
      if (nowNanos - flightSentNanos >= ANSWER_INTERVAL_NANOS) {
        sendFlightAgain(nowNanos, lastFlight);
      }
    } else if (message == HELLO_REQUEST || message == HandshakeReassembly.CLIENT_HELLO) {
      if (nowNanos >= nextRenegotiationAnswerNanos) {
        nextRenegotiationAnswerNanos = nowNanos + ANSWER_INTERVAL_NANOS;
        sendAlert(Alerts.WARNING, Alerts.NO_RENEGOTIATION);
      }
    } else {
      drops.count(DtlsDrop.UNEXPECTED_RECORD);
    }
  }

  private void hold(byte[] record) {
    if (held.size() >= MAX_HELD_RECORDS || heldBytes + record.length > MAX_HELD_BYTES) {
      drops.count(DtlsDrop.HELD_DATA_OVERFLOW);
      return;
    }
    held.add(record);
    heldBytes += record.length;
  }

  private boolean mayDeliverHeld() {
    return phase == Phase.ESTABLISHED && establishedPolled && !held.isEmpty();
  }

  private void deliverHeld() {
    if (!mayDeliverHeld()) {
      return;
    }
    List<byte[]> records = List.copyOf(held);
    held.clear();
    heldBytes = 0;
    for (byte[] record : records) {
      if (phase != Phase.ESTABLISHED) {
        return;
      }
      receiveProtected(lastNowNanos, record, 0, record.length);
    }
  }

  // ---- Alerts and the end

  private void sendAlert(int level, int description) {
    byte[] alert = Alerts.alert(level, description);
    if (sealer == null) {
      outgoing.add(link.plainRecord(RecordHeader.ALERT, alert));
    } else {
      sendSealed(RecordHeader.ALERT, alert);
    }
  }

  private void sendSealed(int type, byte[] fragment) {
    RecordSealer current = sealer == null ? link.loopSealer() : sealer;
    if (current == null) {
      throw new IllegalStateException("a sealed record before there are keys");
    }
    try {
      outgoing.add(current.seal(type, fragment));
    } catch (RecordNumbersExhaustedException e) {
      fail(DtlsFailure.RECORD_NUMBERS_EXHAUSTED, "2^48 records were sent");
    }
  }

  private void fail(DtlsFailure code, String detail) {
    if (phase == Phase.CLOSED) {
      return;
    }
    if (phase == Phase.HANDSHAKING && taskStarted) {
      // The alert that says why, where the handshake's thread wrote one.
      link.drainTo(outgoing);
    }
    end();
    events.add(new DtlsEvent.Failed(code, detail));
  }

  private void end() {
    phase = Phase.CLOSED;
    link.cancel();
    retransmission.stop();
    handshakeDeadlineNanos = Timer.NOT_RUNNING;
    progressDeadlineNanos = Timer.NOT_RUNNING;
    held.clear();
    heldBytes = 0;
    parkedSealed.clear();
    parkedChangeCipherSpec = null;
    lastFlight = List.of();
    sealer = null;
    opener = null;
  }

  private static void putU24(byte[] bytes, int index, int value) {
    bytes[index] = (byte) (value >>> 16);
    bytes[index + 1] = (byte) (value >>> 8);
    bytes[index + 2] = (byte) value;
  }
}

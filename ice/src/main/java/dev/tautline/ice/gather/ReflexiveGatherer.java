package dev.tautline.ice.gather;

import dev.tautline.base.Timer;
import dev.tautline.ice.IceServer;
import dev.tautline.ice.check.LocalBase;
import dev.tautline.stun.StunClass;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.StunMethod;
import dev.tautline.stun.StunTimers;
import dev.tautline.stun.StunTransaction;
import dev.tautline.stun.TransactionId;
import dev.tautline.stun.attribute.ErrorCode;
import dev.tautline.stun.attribute.MappedAddress;
import dev.tautline.stun.attribute.XorMappedAddress;
import dev.tautline.stun.codec.ReceivedStun;
import dev.tautline.stun.codec.StunWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Asks STUN servers for server-reflexive addresses, every server from every socket at once. A state
 * machine: the driver sends what {@link #poll} gives. One thread.
 */
public final class ReflexiveGatherer {
  /** Bad addresses a server may cause to be asked; a name can have many. */
  private static final int MAX_QUESTIONS = 64;

  /** What came of one question. */
  public sealed interface Outcome {
    /** The question's server. */
    IceServer server();

    /** The socket it was asked from. */
    LocalBase base();

    /**
     * An address.
     *
     * @param server who told it
     * @param base from where it was asked
     * @param serverAddress the server's address
     * @param mapped the address
     */
    record Mapped(
        IceServer server, LocalBase base, InetSocketAddress serverAddress, InetSocketAddress mapped)
        implements Outcome {}

    /**
     * No address.
     *
     * @param server who was asked
     * @param base from where
     * @param code a STUN error code, or 701 for silence
     * @param text in plain words
     */
    record Failed(IceServer server, LocalBase base, int code, String text) implements Outcome {}
  }

  /**
   * A request to send.
   *
   * @param base from where
   * @param to the server's address
   * @param bytes the datagram, not to be changed
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Request(LocalBase base, InetSocketAddress to, byte[] bytes) {}

  private record Question(IceServer server, LocalBase base, StunTransaction transaction) {}

  private final RandomGenerator random;
  private final long timeoutNanos;
  private final Map<TransactionId, Question> questions = new LinkedHashMap<>();

  /**
   * Asks nobody yet.
   *
   * @param random for transaction ids
   * @param timeoutNanos how long a server may take
   */
  public ReflexiveGatherer(RandomGenerator random, long timeoutNanos) {
    this.random = random;
    this.timeoutNanos = timeoutNanos;
  }

  /** Asks one server from one socket; ignored above 64 open questions. */
  public void ask(IceServer server, LocalBase base, InetSocketAddress serverAddress) {
    if (questions.size() >= MAX_QUESTIONS) {
      return;
    }
    TransactionId id = TransactionId.generate(random);
    byte[] request =
        new StunWriter(StunMessage.of(StunClass.REQUEST, StunMethod.BINDING, id))
            .withFingerprint()
            .toBytes();
    StunTimers rfc = StunTimers.rfc();
    // Doubling from 500 ms, 3 sends within the first 2 s; the limit is ours, as 39.5 s is longer
    // than any person waits.
    var timers =
        new StunTimers(
            Math.min(rfc.rtoNanos(), Math.max(1, timeoutNanos / 4)),
            Long.MAX_VALUE,
            3,
            Math.max(1, timeoutNanos - 3 * Math.min(rfc.rtoNanos(), timeoutNanos / 4)));
    questions.put(
        id,
        new Question(
            server,
            base,
            new StunTransaction(id, StunMethod.BINDING, request, serverAddress, null, timers)));
  }

  /** Whether nobody is being asked. */
  public boolean isIdle() {
    return questions.isEmpty();
  }

  /** Whether a response belongs to a question. */
  public boolean expects(TransactionId id) {
    return questions.containsKey(id);
  }

  /** Whether this server is being asked from a socket on this address. */
  public boolean isAsking(IceServer server, InetAddress local) {
    return questions.values().stream()
        .anyMatch(q -> q.server().equals(server) && q.base().address().getAddress().equals(local));
  }

  /** Takes a response; empty when it is not one that ends a question. */
  public Optional<Outcome> receive(ReceivedStun received, LocalBase at, InetSocketAddress from) {
    StunMessage message = received.message();
    Question question = questions.get(message.transactionId());
    if (question == null
        || question.base().index() != at.index()
        || question.transaction().receive(received, from) == StunTransaction.Verdict.IGNORED) {
      return Optional.empty();
    }
    questions.remove(message.transactionId());
    Optional<InetSocketAddress> mapped =
        message
            .first(XorMappedAddress.class)
            .map(XorMappedAddress::address)
            .or(() -> message.first(MappedAddress.class).map(MappedAddress::address));
    if (question.transaction().state() == StunTransaction.State.SUCCEEDED && mapped.isPresent()) {
      return Optional.of(
          new Outcome.Mapped(question.server(), question.base(), from, mapped.get()));
    }
    int code = message.first(ErrorCode.class).map(ErrorCode::code).orElse(ErrorCode.SERVER_ERROR);
    return Optional.of(
        new Outcome.Failed(
            question.server(), question.base(), code, "the server answered error " + code));
  }

  /** What to send now, and questions that ended without an answer. */
  public List<Request> poll(long nowNanos, List<Outcome> ended) {
    List<Request> requests = new ArrayList<>();
    for (Iterator<Question> i = questions.values().iterator(); i.hasNext(); ) {
      Question question = i.next();
      StunTransaction transaction = question.transaction();
      if (transaction.pollSend(nowNanos)) {
        requests.add(
            new Request(question.base(), transaction.destination(), transaction.request()));
      } else if (transaction.state() == StunTransaction.State.TIMED_OUT) {
        i.remove();
        ended.add(
            new Outcome.Failed(
                question.server(),
                question.base(),
                701,
                "no answer to " + transaction.sends() + " requests"));
      }
    }
    return requests;
  }

  /** When {@link #poll} has work again. */
  public long nextDeadlineNanos() {
    long next = Timer.NOT_RUNNING;
    for (Question question : questions.values()) {
      next = Math.min(next, question.transaction().nextDeadlineNanos());
    }
    return next;
  }
}

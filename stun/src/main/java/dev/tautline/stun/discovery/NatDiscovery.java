package dev.tautline.stun.discovery;

import dev.tautline.base.Timer;
import dev.tautline.stun.StunClass;
import dev.tautline.stun.StunFormatException;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.StunMethod;
import dev.tautline.stun.StunTimers;
import dev.tautline.stun.StunTransaction;
import dev.tautline.stun.TransactionId;
import dev.tautline.stun.attribute.ChangeRequest;
import dev.tautline.stun.attribute.MappedAddress;
import dev.tautline.stun.attribute.OtherAddress;
import dev.tautline.stun.attribute.XorMappedAddress;
import dev.tautline.stun.codec.ReceivedStun;
import dev.tautline.stun.codec.StunParser;
import dev.tautline.stun.codec.StunWriter;
import dev.tautline.stun.discovery.NatBehaviour.Filtering;
import dev.tautline.stun.discovery.NatBehaviour.Mapping;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The tests of RFC 5780 sections 4.3 and 4.4, one after the other, over two sockets: mappings
 * first, then filtering from a socket that has sent nothing to the server's other address. A state
 * machine: requests are asked for, datagrams and time go in. Used by one thread at a time.
 */
public final class NatDiscovery {
  /** Which of the caller's two sockets. */
  public enum Socket {
    /** For the tests of mappings. */
    MAPPING,
    /** For the tests of filtering. */
    FILTERING
  }

  /** A request to send. */
  public static final class Request {
    private final Socket by;
    private final byte[] bytes;
    private final InetSocketAddress to;

    private Request(Socket by, byte[] bytes, InetSocketAddress to) {
      this.by = by;
      this.bytes = bytes;
      this.to = to;
    }

    /** The socket. */
    public Socket by() {
      return by;
    }

    /** The datagram, not a copy: send it, do not change it. */
    public byte[] bytes() {
      return bytes;
    }

    /** Where it goes. */
    public InetSocketAddress to() {
      return to;
    }
  }

  private enum Step {
    /** Is there an answer, and which address does the server see? */
    FIRST(Socket.MAPPING, 0),
    /** Is it the same at the server's other address... */
    OTHER_ADDRESS(Socket.MAPPING, 0),
    /** ...and at the other port of that? */
    OTHER_ADDRESS_AND_PORT(Socket.MAPPING, 0),
    /** Opens a mapping of the second socket. */
    OPEN(Socket.FILTERING, 0),
    /** Does an answer from elsewhere get in? */
    FROM_ANYWHERE(Socket.FILTERING, ChangeRequest.ADDRESS | ChangeRequest.PORT),
    /** Does one from another port? */
    FROM_OTHER_PORT(Socket.FILTERING, ChangeRequest.PORT),
    DONE(Socket.FILTERING, 0);

    private final Socket by;
    private final int change;

    Step(Socket by, int change) {
      this.by = by;
      this.change = change;
    }
  }

  private final InetSocketAddress server;
  private final InetSocketAddress local;
  private final StunTimers timers;
  private final RandomGenerator random;
  private Step step = Step.FIRST;
  private StunTransaction transaction;
  private InetSocketAddress destination;
  private @Nullable InetSocketAddress other;
  private @Nullable InetSocketAddress first;
  private @Nullable InetSocketAddress second;
  private Mapping mapping = Mapping.UNKNOWN;
  private Filtering filtering = Filtering.UNKNOWN;

  /**
   * A discovery that has not begun.
   *
   * @param server the server's first address
   * @param local where the socket for mappings is bound, to tell whether anything translates
   * @param timers of each request
   * @param random secure, for transaction ids
   */
  public NatDiscovery(
      InetSocketAddress server,
      InetSocketAddress local,
      StunTimers timers,
      RandomGenerator random) {
    this.server = server;
    this.local = local;
    this.timers = timers;
    this.random = random;
    this.destination = server;
    this.transaction = request(server);
  }

  /** The next datagram to send now, or null. */
  public @Nullable Request pollRequest(long nowNanos) {
    while (step != Step.DONE) {
      Step asked = step;
      if (transaction.pollSend(nowNanos)) {
        return new Request(step.by, transaction.request(), destination);
      }
      if (transaction.state() == StunTransaction.State.TIMED_OUT) {
        ended(null);
      }
      if (step == asked) {
        return null;
      }
    }
    return null;
  }

  /**
   * Takes a datagram that came to one of the sockets; anything but the awaited answer is dropped.
   */
  public void receive(byte[] bytes, int offset, int length, InetSocketAddress from) {
    if (step == Step.DONE) {
      return;
    }
    ReceivedStun received;
    try {
      received = StunParser.parse(bytes, offset, length);
    } catch (StunFormatException e) {
      return;
    }
    StunMessage message = received.message();
    if (step.change != 0
        && from.equals(destination)
        && message.messageClass() == StunClass.ERROR
        && message.transactionId().equals(transaction.id())) {
      // The server refuses to change, which says nothing of the filtering.
      next(Step.DONE, server);
    } else if (transaction.receive(received, from) == StunTransaction.Verdict.TAKEN) {
      ended(transaction.state() == StunTransaction.State.SUCCEEDED ? message : null);
    }
  }

  /** When {@link #pollRequest} has work again, or {@link Timer#NOT_RUNNING}. */
  public long nextDeadlineNanos() {
    return step == Step.DONE ? Timer.NOT_RUNNING : transaction.nextDeadlineNanos();
  }

  /** What was found, once all tests are done. */
  public Optional<NatBehaviour> result() {
    return step == Step.DONE
        ? Optional.of(new NatBehaviour(Optional.ofNullable(first), mapping, filtering))
        : Optional.empty();
  }

  /** The present request has its answer, or will have none. */
  private void ended(@Nullable StunMessage answer) {
    InetSocketAddress seen = answer == null ? null : mapped(answer);
    switch (step) {
      case FIRST -> firstEnded(answer, seen);
      case OTHER_ADDRESS -> {
        if (seen == null) {
          next(Step.OPEN, server);
        } else if (seen.equals(first)) {
          mapping = Mapping.ENDPOINT_INDEPENDENT;
          next(Step.OPEN, server);
        } else {
          second = seen;
          next(Step.OTHER_ADDRESS_AND_PORT, otherAddress());
        }
      }
      case OTHER_ADDRESS_AND_PORT -> {
        if (seen != null) {
          mapping =
              seen.equals(second) ? Mapping.ADDRESS_DEPENDENT : Mapping.ADDRESS_AND_PORT_DEPENDENT;
        }
        next(Step.OPEN, server);
      }
      case OPEN -> next(seen == null ? Step.DONE : Step.FROM_ANYWHERE, server);
      case FROM_ANYWHERE -> {
        if (answer != null) {
          filtering = Filtering.ENDPOINT_INDEPENDENT;
          next(Step.DONE, server);
        } else {
          next(Step.FROM_OTHER_PORT, server);
        }
      }
      case FROM_OTHER_PORT -> {
        filtering =
            answer != null ? Filtering.ADDRESS_DEPENDENT : Filtering.ADDRESS_AND_PORT_DEPENDENT;
        next(Step.DONE, server);
      }
      case DONE -> throw new IllegalStateException("nothing is asked any more");
    }
  }

  private void firstEnded(@Nullable StunMessage answer, @Nullable InetSocketAddress seen) {
    if (answer == null || seen == null) {
      next(Step.DONE, server);
      return;
    }
    first = seen;
    other = answer.first(OtherAddress.class).map(OtherAddress::address).orElse(null);
    boolean direct = seen.equals(local);
    if (direct) {
      mapping = Mapping.NONE;
    }
    if (other == null || other.getAddress().equals(server.getAddress())) {
      next(Step.DONE, server);
    } else if (direct) {
      next(Step.OPEN, server);
    } else {
      next(Step.OTHER_ADDRESS, new InetSocketAddress(other.getAddress(), server.getPort()));
    }
  }

  private InetSocketAddress otherAddress() {
    InetSocketAddress known = other;
    if (known == null) {
      throw new IllegalStateException("the server has no other address");
    }
    return known;
  }

  private void next(Step to, InetSocketAddress ask) {
    step = to;
    destination = ask;
    InetSocketAddress answersFrom =
        switch (to) {
          case FROM_ANYWHERE -> otherAddress();
          case FROM_OTHER_PORT ->
              new InetSocketAddress(server.getAddress(), otherAddress().getPort());
          default -> ask;
        };
    if (to != Step.DONE) {
      transaction = request(answersFrom);
    }
  }

  private StunTransaction request(InetSocketAddress answersFrom) {
    TransactionId id = TransactionId.generate(random);
    StunMessage message =
        step.change == 0
            ? StunMessage.of(StunClass.REQUEST, StunMethod.BINDING, id)
            : StunMessage.of(
                StunClass.REQUEST, StunMethod.BINDING, id, new ChangeRequest(step.change));
    byte[] bytes = new StunWriter(message).toBytes();
    return new StunTransaction(id, StunMethod.BINDING, bytes, answersFrom, null, timers);
  }

  private static @Nullable InetSocketAddress mapped(StunMessage answer) {
    return answer
        .first(XorMappedAddress.class)
        .map(XorMappedAddress::address)
        .or(() -> answer.first(MappedAddress.class).map(MappedAddress::address))
        .orElse(null);
  }
}

package dev.tautline.ice.mdns;

import dev.tautline.base.DropCounters;
import dev.tautline.base.Timer;
import dev.tautline.base.WireFormatException;
import dev.tautline.ice.mdns.MdnsLink.Family;
import dev.tautline.ice.mdns.MdnsResponse.Answer;
import dev.tautline.ice.mdns.MdnsResponse.Says;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Answers questions for names of ours, RFC 6762 section 6, and for nothing else: who does not know
 * a name learns nothing, not even that somebody listens. A name is answered for on every link, as
 * the peer may come from another one; an answer to one goes to its link alone. Time is an argument,
 * output is asked for. Used by one thread.
 *
 * <p>A name is announced once, on the link of its address, a second after it was registered and
 * only if nobody asked for it before: the limit of one multicast a second for each record (section
 * 6) would else make the peer wait that was just told it. Names are not probed for, as nobody else
 * has them (section 3.1.1 of the draft). Questions whose known answers go on in a further datagram
 * (section 7.2) are answered at once.
 */
public final class MdnsResponder {
  /** The port that those ask from who know multicast DNS. */
  public static final int PORT = 5353;

  private static final long SECOND = 1_000_000_000;

  /** Section 5.4: who wants it for himself alone gets it so when all have heard it lately. */
  private static final long QUARTER_OF_TTL = MdnsResponse.TTL_SECONDS / 4 * SECOND;

  private static final int DATAGRAMS_PER_SECOND = 1_000;
  private static final int UNICASTS_PER_SECOND = 100;

  private final Map<String, Registered> names = new HashMap<>();
  private final Queue<Transmit> output = new ArrayDeque<>();
  private final PriorityQueue<Due> due =
      new PriorityQueue<>(Comparator.comparingLong(Due::atNanos));
  private final DropCounters<MdnsDrop> drops = new DropCounters<>(MdnsDrop.class);
  private final Allowance datagrams = new Allowance(DATAGRAMS_PER_SECOND);
  private final Allowance unicasts = new Allowance(UNICASTS_PER_SECOND);
  private List<MdnsLink> links = List.of();

  /**
   * A datagram to be sent.
   *
   * @param bytes the message
   * @param link over which interface
   * @param family over which socket
   * @param to where; empty: to the family's group
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Transmit(
      byte[] bytes, MdnsLink link, Family family, Optional<InetSocketAddress> to) {}

  /** Where a record is multicast: section 6 counts for each interface on its own. */
  private record Way(int linkIndex, Family family) {}

  /** Something said on a way. */
  private record Said(Way way, Says says) {}

  /** Something that is to be said later. */
  private record Due(long atNanos, Registered name, Said what) {}

  private static final class Registered {
    final OwnName name;

    /** When each was multicast last. */
    final Map<Said, Long> multicast = new HashMap<>();

    /** What waits in the queue, so that it is there once. */
    final Map<Said, Long> waiting = new HashMap<>();

    /** Where somebody may have it in a cache. */
    final Set<Way> told = new HashSet<>();

    boolean gone;

    Registered(OwnName name) {
      this.name = name;
    }
  }

  /** So many a second, and as many at once. */
  private static final class Allowance {
    private final int perSecond;
    private long left;
    private long sinceNanos;

    Allowance(int perSecond) {
      this.perSecond = perSecond;
      this.left = perSecond;
    }

    boolean take(long nowNanos) {
      if (nowNanos - sinceNanos >= SECOND) {
        sinceNanos = nowNanos;
        left = perSecond;
      }
      if (left == 0) {
        return false;
      }
      left--;
      return true;
    }
  }

  /** The interfaces on which questions are heard, instead of those before. */
  public void links(List<MdnsLink> value) {
    links = List.copyOf(value);
  }

  /** Questions for this name are answered from now on. */
  public void register(long nowNanos, OwnName name) {
    var registered = new Registered(name);
    names.put(name.name(), registered);
    for (MdnsLink link : links) {
      if (link.isOwn(name.address())) {
        for (Family family : link.families()) {
          var said = new Said(new Way(link.index(), family), Says.ADDRESS);
          later(registered, said, nowNanos + SECOND);
        }
      }
    }
  }

  /** They are not any more, and where it was told all are told so (section 10.1). */
  public void unregister(OwnName name) {
    unregister(List.of(name));
  }

  /** None is answered for any more. */
  public void unregisterAll() {
    unregister(names.values().stream().map(registered -> registered.name).toList());
  }

  private void unregister(List<OwnName> some) {
    Map<Way, List<OwnName>> told = new LinkedHashMap<>();
    for (OwnName name : some) {
      Registered registered = names.remove(name.name());
      if (registered != null) {
        registered.gone = true;
        for (Way way : registered.told) {
          told.computeIfAbsent(way, key -> new ArrayList<>()).add(name);
        }
      }
    }
    told.forEach((way, gone) -> toAll(way, MdnsResponse.goodbyes(gone)));
  }

  private void toAll(Way way, List<byte[]> messages) {
    for (MdnsLink link : links) {
      if (link.index() == way.linkIndex()) {
        for (byte[] message : messages) {
          output.add(new Transmit(message, link, way.family(), Optional.empty()));
        }
      }
    }
  }

  /** Whether there is no name to answer for. */
  public boolean isEmpty() {
    return names.isEmpty();
  }

  /** Takes a datagram; whatever it holds, it throws nothing. */
  public void receive(long nowNanos, byte[] bytes, int offset, int length, InetSocketAddress from) {
    if (!datagrams.take(nowNanos)) {
      drops.count(MdnsDrop.FLOOD);
      return;
    }
    MdnsLink link = linkOf(from);
    if (link == null) {
      drops.count(MdnsDrop.OFF_LINK);
      return;
    }
    MdnsMessage message;
    try {
      message = MdnsMessage.parse(bytes, offset, length);
    } catch (WireFormatException e) {
      drops.count(MdnsDrop.MALFORMED);
      return;
    }
    if (message.kind() == MdnsMessage.Kind.QUERY) {
      answer(nowNanos, message, link, from);
    }
  }

  private @Nullable MdnsLink linkOf(InetSocketAddress from) {
    for (MdnsLink link : links) {
      if (link.hasNeighbour(from.getAddress())) {
        return link;
      }
    }
    return null;
  }

  private void answer(long nowNanos, MdnsMessage message, MdnsLink link, InetSocketAddress from) {
    var way = new Way(link.index(), Family.of(from.getAddress()));
    boolean legacy = from.getPort() != PORT;
    List<MdnsMessage.Question> repeated = new ArrayList<>();
    List<Answer> toOne = new ArrayList<>();
    for (MdnsMessage.Question question : message.questions()) {
      Registered registered = asked(question, link, from);
      if (registered == null) {
        continue;
      }
      boolean forAddress =
          question.type() == registered.name.type() || question.type() == MdnsType.ANY;
      if (!legacy && forAddress && isKnown(message, registered.name)) {
        continue;
      }
      var answer = new Answer(registered.name, forAddress ? Says.ADDRESS : Says.NOTHING_ELSE);
      var said = new Said(way, answer.says());
      if (legacy) {
        if (repeated.size() < MdnsResponse.MAX_ANSWERS && !repeated.contains(question)) {
          repeated.add(question);
          toOne.add(answer);
        }
      } else if (question.reply() == MdnsMessage.Reply.UNICAST
          && nowNanos - registered.multicast.getOrDefault(said, Long.MIN_VALUE / 2)
              < QUARTER_OF_TTL) {
        if (toOne.size() < MdnsResponse.MAX_ANSWERS && !toOne.contains(answer)) {
          toOne.add(answer);
        }
      } else {
        // At once where a second has passed: nobody else answers for these, so that no random
        // delay is needed (section 6).
        Long last = registered.multicast.get(said);
        later(registered, said, last == null ? nowNanos : Math.max(nowNanos, last + SECOND));
      }
    }
    if (!toOne.isEmpty()) {
      if (unicasts.take(nowNanos)) {
        byte[] bytes =
            legacy
                ? MdnsResponse.toLegacy(message.id(), repeated, toOne.stream().distinct().toList())
                : MdnsResponse.toOne(toOne);
        output.add(new Transmit(bytes, link, way.family(), Optional.of(from)));
        toOne.forEach(answer -> told(answer, way));
      } else {
        drops.count(MdnsDrop.UNICAST_LIMIT);
      }
    }
    advanceTo(nowNanos);
  }

  private void told(Answer answer, Way way) {
    Registered registered = names.get(answer.name().name());
    if (registered != null) {
      registered.told.add(way);
    }
  }

  /** The name of ours that is asked for. */
  private @Nullable Registered asked(
      MdnsMessage.Question question, MdnsLink link, InetSocketAddress from) {
    if (question.dnsClass() != MdnsType.CLASS_IN && question.dnsClass() != MdnsType.CLASS_ANY) {
      return null;
    }
    Registered registered = names.get(question.name());
    // 127.0.0.1 is another host to everybody else.
    return registered != null
            && registered.name.address().isLoopbackAddress()
            && !link.isOwn(from.getAddress())
        ? null
        : registered;
  }

  /** Section 7.1: with half of its time left or more. */
  private static boolean isKnown(MdnsMessage message, OwnName name) {
    return message.addresses().stream()
        .anyMatch(
            known ->
                known.name().equals(name.name())
                    && known.address().equals(name.address())
                    && known.ttlSeconds() >= MdnsResponse.TTL_SECONDS / 2);
  }

  /** Says it then, or earlier where that is due already. */
  private void later(Registered registered, Said what, long atNanos) {
    Long waiting = registered.waiting.get(what);
    if (waiting == null || atNanos < waiting) {
      registered.waiting.put(what, atNanos);
      due.add(new Due(atNanos, registered, what));
    }
  }

  /** When {@link #advanceTo} has work again, or {@link Timer#NOT_RUNNING}. */
  public long nextDeadlineNanos() {
    Due next = due.peek();
    return next == null ? Timer.NOT_RUNNING : next.atNanos();
  }

  /** Says what is due. */
  public void advanceTo(long nowNanos) {
    Map<Way, List<Answer>> answers = new LinkedHashMap<>();
    for (Due next = due.peek(); next != null && next.atNanos() <= nowNanos; next = due.peek()) {
      due.remove();
      Registered registered = next.name();
      Long waiting = registered.waiting.get(next.what());
      // Another entry may have said it earlier.
      if (registered.gone || waiting == null || waiting != next.atNanos()) {
        continue;
      }
      registered.waiting.remove(next.what());
      registered.multicast.put(next.what(), nowNanos);
      registered.told.add(next.what().way());
      answers
          .computeIfAbsent(next.what().way(), way -> new ArrayList<>())
          .add(new Answer(registered.name, next.what().says()));
    }
    answers.forEach((way, some) -> toAll(way, MdnsResponse.toAll(some)));
  }

  /** The next datagram to send, or null. */
  public @Nullable Transmit pollTransmit() {
    return output.poll();
  }

  /** What was dropped. */
  public DropCounters<MdnsDrop> drops() {
    return drops;
  }
}

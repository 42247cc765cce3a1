package dev.tautline.ice.agent;

import dev.tautline.ice.candidate.AddressText;
import dev.tautline.ice.gather.MulticastDnsResponder;
import dev.tautline.ice.mdns.OwnName;
import dev.tautline.ice.udp.NettyLoop;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The names under which the peer is told the addresses of one agent: one for each address, and no
 * two agents have one in common, so that two peers cannot find out by comparing that they speak
 * with the same host. On the agent's loop.
 */
final class HostNames {
  private static final Logger LOG = LoggerFactory.getLogger(HostNames.class);

  private final NettyLoop loop;
  private final RandomGenerator random;
  private final MulticastDnsResponder responder;
  private final Map<InetAddress, Named> names = new HashMap<>();

  /** Also of addresses that vanished: the time line still speaks of them. */
  private final Map<String, String> nameOfText = new LinkedHashMap<>();

  private static final class Named {
    final OwnName name;
    final List<Consumer<Optional<String>>> waiting = new ArrayList<>();
    boolean asked;
    boolean answered;
    Optional<String> failure = Optional.empty();

    Named(OwnName name) {
      this.name = name;
    }
  }

  /**
   * No name yet.
   *
   * @param random secure
   * @param responder the runtime's
   */
  HostNames(NettyLoop loop, RandomGenerator random, MulticastDnsResponder responder) {
    this.loop = loop;
    this.random = random;
    this.responder = responder;
  }

  /** What stands for an address; the same for as long as it is there. */
  String of(InetAddress address) {
    return named(address).name.name();
  }

  private Named named(InetAddress address) {
    return names.computeIfAbsent(
        address,
        key -> {
          OwnName name = OwnName.random(key, random);
          nameOfText.put(AddressText.of(key), name.name());
          nameOfText.put(key.getHostAddress(), name.name());
          return new Named(name);
        });
  }

  /**
   * Answers for the name of this address from now on.
   *
   * @param done is told on the loop: empty when that is so, else why it cannot be
   */
  void publish(InetAddress address, Consumer<Optional<String>> done) {
    Named named = named(address);
    if (named.answered) {
      done.accept(named.failure);
      return;
    }
    named.waiting.add(done);
    if (named.asked) {
      return;
    }
    named.asked = true;
    responder.register(
        named.name,
        failure -> {
          try {
            loop.execute(() -> published(named, failure));
          } catch (RejectedExecutionException e) {
            LOG.trace("the loop has ended", e);
          }
        });
  }

  private static void published(Named named, Optional<String> failure) {
    named.answered = true;
    named.failure = failure;
    List<Consumer<Optional<String>>> waiting = List.copyOf(named.waiting);
    named.waiting.clear();
    waiting.forEach(done -> done.accept(failure));
  }

  /** The address vanished; if it comes back it gets another name. */
  void withdraw(InetAddress address) {
    Named named = names.remove(address);
    if (named != null && named.asked) {
      responder.unregister(named.name);
    }
  }

  /** Withdraws all. */
  void close() {
    List.copyOf(names.keySet()).forEach(this::withdraw);
  }

  /** A text for people with names in place of these addresses. */
  String hide(String text) {
    String hidden = text;
    for (Map.Entry<String, String> entry : nameOfText.entrySet()) {
      String literal = entry.getKey();
      if (hidden.contains(literal)) {
        // Not within a longer one: neither 10.0.0.1 in 10.0.0.12, nor fd00::1 in fd00::1:2.
        String before = "(?<![0-9A-Za-z:.])";
        String after = literal.indexOf(':') >= 0 ? "(?![0-9A-Za-z:])" : "(?![0-9]|\\.[0-9])";
        hidden =
            Pattern.compile(before + Pattern.quote(literal) + after)
                .matcher(hidden)
                .replaceAll(Matcher.quoteReplacement(entry.getValue()));
      }
    }
    return hidden;
  }
}

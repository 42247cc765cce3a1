package dev.tautline.stun.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.base.Timer;
import dev.tautline.stun.StunClass;
import dev.tautline.stun.StunFormatException;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.StunMethod;
import dev.tautline.stun.StunTimers;
import dev.tautline.stun.TransactionId;
import dev.tautline.stun.attribute.ChangeRequest;
import dev.tautline.stun.attribute.ErrorCode;
import dev.tautline.stun.attribute.OtherAddress;
import dev.tautline.stun.attribute.StunAttribute;
import dev.tautline.stun.attribute.XorMappedAddress;
import dev.tautline.stun.codec.StunParser;
import dev.tautline.stun.codec.StunWriter;
import dev.tautline.stun.discovery.NatBehaviour.Filtering;
import dev.tautline.stun.discovery.NatBehaviour.Mapping;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tests of RFC 5780 against a NAT and a server of a few lines, in virtual time. */
class NatDiscoveryTest {
  private static final InetSocketAddress LOCAL = at("192.168.1.2", 5000);
  private static final InetSocketAddress LOCAL_2 = at("192.168.1.2", 5001);
  private static final InetSocketAddress SERVER = at("203.0.113.1", 3478);
  private static final InetSocketAddress OTHER = at("203.0.113.2", 3479);
  private static final StunTimers TIMERS =
      new StunTimers(100_000_000, 1_000_000_000, 3, 400_000_000);

  /** A NAT of this kind with a server of two addresses behind it. */
  private static final class World {
    final Mapping mapping;
    final Filtering filtering;
    final Set<InetSocketAddress> sentTo = new HashSet<>();
    final Map<String, Integer> mappings = new HashMap<>();
    boolean hasOther = true;
    boolean refusesChange;
    int loseFirst;
    int requests;

    World(Mapping mapping, Filtering filtering) {
      this.mapping = mapping;
      this.filtering = filtering;
    }

    NatBehaviour discover() throws StunFormatException {
      var discovery = new NatDiscovery(SERVER, LOCAL, TIMERS, new Random(1));
      long now = 0;
      while (discovery.result().isEmpty()) {
        for (NatDiscovery.Request request = discovery.pollRequest(now);
            request != null;
            request = discovery.pollRequest(now)) {
          answer(discovery, request);
        }
        long next = discovery.nextDeadlineNanos();
        now = next == Timer.NOT_RUNNING ? now : Math.max(now, next);
      }
      assertThat(discovery.pollRequest(now)).isNull();
      return discovery.result().get();
    }

    private void answer(NatDiscovery discovery, NatDiscovery.Request request)
        throws StunFormatException {
      InetSocketAddress from = request.by() == NatDiscovery.Socket.MAPPING ? LOCAL : LOCAL_2;
      requests++;
      if (requests <= loseFirst) {
        return;
      }
      if (request.by() == NatDiscovery.Socket.FILTERING) {
        sentTo.add(request.to());
      }
      StunMessage asked = StunParser.parse(request.bytes(), 0, request.bytes().length).message();
      int change = asked.first(ChangeRequest.class).map(ChangeRequest::flags).orElse(0);
      InetSocketAddress by =
          at(
              (change & ChangeRequest.ADDRESS) != 0
                  ? OTHER.getHostString()
                  : request.to().getHostString(),
              (change & ChangeRequest.PORT) != 0 ? OTHER.getPort() : request.to().getPort());
      byte[] bytes = response(asked.transactionId(), change, mapped(from, request.to()));
      if (change == 0 || refusesChange || letIn(by)) {
        discovery.receive(bytes, 0, bytes.length, refusesChange ? request.to() : by);
      }
    }

    private byte[] response(TransactionId id, int change, InetSocketAddress mapped) {
      if (change != 0 && refusesChange) {
        return new StunWriter(
                StunMessage.of(
                    StunClass.ERROR,
                    StunMethod.BINDING,
                    id,
                    ErrorCode.of(ErrorCode.UNKNOWN_ATTRIBUTE)))
            .toBytes();
      }
      List<StunAttribute> attributes = new ArrayList<>(List.of(new XorMappedAddress(mapped)));
      if (hasOther) {
        attributes.add(new OtherAddress(OTHER));
      }
      return new StunWriter(new StunMessage(StunClass.SUCCESS, StunMethod.BINDING, id, attributes))
          .toBytes();
    }

    private InetSocketAddress mapped(InetSocketAddress from, InetSocketAddress to) {
      String key =
          switch (mapping) {
            case NONE -> null;
            case ENDPOINT_INDEPENDENT -> "" + from.getPort();
            case ADDRESS_DEPENDENT -> from.getPort() + to.getHostString();
            case ADDRESS_AND_PORT_DEPENDENT, UNKNOWN -> from.getPort() + to.toString();
          };
      return key == null
          ? from
          : at("198.51.100.7", mappings.computeIfAbsent(key, k -> 40_000 + mappings.size()));
    }

    private boolean letIn(InetSocketAddress by) {
      return switch (filtering) {
        case ENDPOINT_INDEPENDENT -> true;
        case ADDRESS_DEPENDENT ->
            sentTo.stream().anyMatch(to -> to.getAddress().equals(by.getAddress()));
        case ADDRESS_AND_PORT_DEPENDENT, UNKNOWN -> sentTo.contains(by);
      };
    }
  }

  private static InetSocketAddress at(String address, int port) {
    return new InetSocketAddress(address, port);
  }

  @ParameterizedTest
  @CsvSource({
    "NONE, ENDPOINT_INDEPENDENT",
    "NONE, ADDRESS_AND_PORT_DEPENDENT",
    "ENDPOINT_INDEPENDENT, ENDPOINT_INDEPENDENT",
    "ENDPOINT_INDEPENDENT, ADDRESS_DEPENDENT",
    "ENDPOINT_INDEPENDENT, ADDRESS_AND_PORT_DEPENDENT",
    "ADDRESS_DEPENDENT, ADDRESS_DEPENDENT",
    "ADDRESS_AND_PORT_DEPENDENT, ADDRESS_AND_PORT_DEPENDENT"
  })
  void eachKindIsToldApart(Mapping mapping, Filtering filtering) throws StunFormatException {
    NatBehaviour found = new World(mapping, filtering).discover();

    assertThat(found.mapping()).isEqualTo(mapping);
    assertThat(found.filtering()).isEqualTo(filtering);
    assertThat(found.answered()).isTrue();
  }

  @Test
  void lostRequestsAreRepeated() throws StunFormatException {
    var world = new World(Mapping.ENDPOINT_INDEPENDENT, Filtering.ENDPOINT_INDEPENDENT);
    world.loseFirst = 2;

    assertThat(world.discover().mapping()).isEqualTo(Mapping.ENDPOINT_INDEPENDENT);
  }

  @Test
  void aSilentServerLeavesEverythingUnknown() throws StunFormatException {
    var world = new World(Mapping.NONE, Filtering.ENDPOINT_INDEPENDENT);
    world.loseFirst = Integer.MAX_VALUE;

    NatBehaviour found = world.discover();

    assertThat(found.answered()).isFalse();
    assertThat(found.mapping()).isEqualTo(Mapping.UNKNOWN);
    assertThat(world.requests).isEqualTo(3);
  }

  @Test
  void aServerWithOneAddressTellsTheMappedOneOnly() throws StunFormatException {
    var world = new World(Mapping.ENDPOINT_INDEPENDENT, Filtering.ENDPOINT_INDEPENDENT);
    world.hasOther = false;

    NatBehaviour found = world.discover();

    assertThat(found.mapped()).contains(at("198.51.100.7", 40_000));
    assertThat(found.mapping()).isEqualTo(Mapping.UNKNOWN);
    assertThat(found.filtering()).isEqualTo(Filtering.UNKNOWN);
  }

  @Test
  void aServerThatRefusesToChangeLeavesTheFilteringUnknown() throws StunFormatException {
    var world = new World(Mapping.ENDPOINT_INDEPENDENT, Filtering.ENDPOINT_INDEPENDENT);
    world.refusesChange = true;

    NatBehaviour found = world.discover();

    assertThat(found.mapping()).isEqualTo(Mapping.ENDPOINT_INDEPENDENT);
    assertThat(found.filtering()).isEqualTo(Filtering.UNKNOWN);
  }

  @Test
  void rubbishAndAnswersFromElsewhereAreDropped() {
    var discovery = new NatDiscovery(SERVER, LOCAL, TIMERS, new Random(1));
    NatDiscovery.Request request = discovery.pollRequest(0);
    assertThat(request).isNotNull();

    discovery.receive(new byte[] {1, 2, 3}, 0, 3, SERVER);
    byte[] forged =
        new StunWriter(
                StunMessage.of(
                    StunClass.SUCCESS,
                    StunMethod.BINDING,
                    TransactionId.generate(new Random(7)),
                    new XorMappedAddress(LOCAL)))
            .toBytes();
    discovery.receive(forged, 0, forged.length, SERVER);

    assertThat(discovery.result()).isEmpty();
  }
}

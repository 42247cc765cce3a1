package dev.tautline.ice.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.ice.IcePorts;
import dev.tautline.ice.gather.HostInterface;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** How long what a STUN server said is good. */
class AnnouncementsTest {
  private final AtomicLong now = new AtomicLong(5);
  private final Announcements announcements =
      new Announcements(IcePorts.defaults().withAnnounced("stun:203.0.113.1:3478"), now::get);

  private static InetAddress address(String text) throws Exception {
    return InetAddress.getByName(text);
  }

  @Test
  void afterItsTimeAnAddressIsToldOnAndAskedForAgain() throws Exception {
    InetAddress local = address("192.168.0.2");
    assertThat(announcements.toAsk(local)).isPresent();
    announcements.learned(local, address("203.0.113.5"));
    assertThat(announcements.toAsk(local)).isEmpty();

    now.addAndGet(Announcements.GOOD_FOR_NANOS);

    assertThat(announcements.toAsk(local)).isPresent();
    assertThat(announcements.of(local).orElseThrow().address()).isEqualTo(address("203.0.113.5"));
    assertThat(announcements.askedInVain(local, false)).as("unknown").isFalse();
    assertThat(announcements.of(local)).isPresent();
    assertThat(announcements.toAsk(local)).isEmpty();
  }

  @Test
  void whatWasAskedInVainIsAskedAgainSoon() throws Exception {
    InetAddress local = address("192.168.0.2");
    assertThat(announcements.askedInVain(local, false)).as("unknown").isTrue();
    assertThat(announcements.of(local)).isEmpty();
    assertThat(announcements.toAsk(local)).isEmpty();

    now.addAndGet(Announcements.ASK_AGAIN_NANOS);

    assertThat(announcements.toAsk(local)).isPresent();
  }

  @Test
  void anotherNetworkMayHaveAnotherAddress() throws Exception {
    InetAddress local = address("192.168.0.2");
    List<HostInterface> before = List.of(new HostInterface("eth0", false, List.of(local)));
    announcements.networkIs(before);
    announcements.learned(local, address("203.0.113.5"));
    announcements.networkIs(List.copyOf(before));
    assertThat(announcements.toAsk(local)).as("nothing changed").isEmpty();

    announcements.networkIs(List.of());

    assertThat(announcements.toAsk(local)).isPresent();
    assertThat(announcements.of(local)).isPresent();
  }

  @Test
  void neitherLinkLocalNorLoopbackAddressesAreMappedToPublicOnes() throws Exception {
    announcements.learned(address("127.0.0.1"), address("203.0.113.5"));
    assertThat(announcements.of(address("127.0.0.1"))).isEmpty();
    assertThat(announcements.toAsk(address("169.254.1.1"))).isEmpty();
    announcements.learned(address("127.0.0.1"), address("127.0.0.2"));
    assertThat(announcements.of(address("127.0.0.1"))).isPresent();
  }
}

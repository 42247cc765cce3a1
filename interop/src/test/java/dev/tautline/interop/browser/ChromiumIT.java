package dev.tautline.interop.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.interop.browser.Browser.Farewell;
import dev.tautline.interop.browser.Browser.LocalAddresses;
import dev.tautline.interop.peer.OurPeer.Offerer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Data channels between a JVM and a page in Chromium. */
class ChromiumIT extends ChannelsContract {
  /**
   * When the connection to a tab ended that died without a word, in nanoseconds after its death.
   */
  private CompletableFuture<Long> deadTabNoticed;

  @Override
  Browser startBrowser(LocalAddresses addresses) {
    return Chromium.start(addresses);
  }

  /** Chromium 156 does not list I-DATA in its INIT. */
  @Override
  boolean interleaves() {
    return false;
  }

  @Override
  int largestOfOurs() {
    return LARGEST;
  }

  /** Closes a tab that does not say goodbye; after the browser has started. */
  @BeforeAll
  void letATabDie() {
    Connection connection = connect(browser().openPeer(Farewell.NONE), ourPeer(), Offerer.OURS);
    connection.page().close();
    long death = System.nanoTime();
    deadTabNoticed =
        connection.channel().channel().closed().thenApply(closed -> System.nanoTime() - death);
  }

  /** Consent, RFC 7675: it expires 30 s after the last answer; a check may have been due. */
  @Test
  @Order(Integer.MAX_VALUE - 1)
  void aTabThatDiedWithoutAWordIsNoticedWhenConsentExpires() throws Exception {
    long nanos = deadTabNoticed.get(40, TimeUnit.SECONDS);
    assertThat(Duration.ofNanos(nanos)).isLessThan(Duration.ofSeconds(36));
  }

  @ParameterizedTest
  @CsvSource({"OURS,OURS", "OURS,FOREIGN", "FOREIGN,OURS", "FOREIGN,FOREIGN"})
  void iceRestartsFromEitherSideWhoeverOfferedFirst(Offerer first, Offerer restarting) {
    try (Connection connection = connect(first)) {
      Restarts.twiceDuringATransfer(
          connection.page(), connection.jvm(), connection.channel(), restarting);
    }
  }
}

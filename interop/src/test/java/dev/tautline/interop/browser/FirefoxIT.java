package dev.tautline.interop.browser;

import dev.tautline.interop.browser.Browser.Farewell;
import dev.tautline.interop.browser.Browser.LocalAddresses;
import dev.tautline.interop.peer.OurPeer.Offerer;
import dev.tautline.sctp.AssociationOptions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Data channels between a JVM and a page in Firefox. */
class FirefoxIT extends ChannelsContract {
  @Override
  Browser startBrowser(LocalAddresses addresses) {
    return Firefox.start(addresses);
  }

  /** Firefox 153 lists I-DATA in its INIT. */
  @Override
  boolean interleaves() {
    return AssociationOptions.forDataChannels().interleaving();
  }

  @Override
  int largestOfOurs() {
    return 16 << 20;
  }

  @Test
  void aTabThatDiesWithoutAWordOfItsPageIsNoticedWithinTwoSeconds() throws Exception {
    try (Connection connection =
        connect(browser().openPeer(Farewell.NONE), ourPeer(), Offerer.OURS)) {
      connection.page().close();
      connection.channel().channel().closed().get(2, TimeUnit.SECONDS);
    }
  }

  /**
   * In FOREIGN,OURS Firefox 153 answers our second offer, which says actpass, with active although
   * it has the passive role since its own offer; the association goes on with the roles it has.
   */
  @ParameterizedTest
  @CsvSource({"OURS,OURS", "OURS,FOREIGN", "FOREIGN,OURS", "FOREIGN,FOREIGN"})
  void iceRestartsFromEitherSideWhoeverOfferedFirst(Offerer first, Offerer restarting) {
    try (Connection connection = connect(first)) {
      Restarts.twiceDuringATransfer(
          connection.page(), connection.jvm(), connection.channel(), restarting);
    }
  }
}

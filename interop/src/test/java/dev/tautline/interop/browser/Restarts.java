package dev.tautline.interop.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.interop.peer.ForeignPeer;
import dev.tautline.interop.peer.OurChannel;
import dev.tautline.interop.peer.OurPeer;
import dev.tautline.interop.peer.OurPeer.Offerer;

/** Restarts of ICE with any peer that speaks the harness's commands, a page of any browser. */
final class Restarts {
  private static final int MESSAGES = 50;

  private Restarts() {}

  /** Messages go both ways before, between and after two restarts, none lost, in order. */
  static void twiceDuringATransfer(
      ForeignPeer page, OurPeer jvm, OurChannel channel, Offerer restarting) {
    String label = channel.channel().label();
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < MESSAGES; i++) {
        channel.channel().send("to the page " + round + ' ' + i);
        page.send(label, "to the JVM " + round + ' ' + i);
      }
      if (round < 2) {
        jvm.restart(page, restarting);
      }
      for (int i = 0; i < MESSAGES; i++) {
        assertThat(page.awaitText(label)).isEqualTo("to the page " + round + ' ' + i);
        assertThat(channel.awaitText()).isEqualTo("to the JVM " + round + ' ' + i);
      }
    }
  }
}

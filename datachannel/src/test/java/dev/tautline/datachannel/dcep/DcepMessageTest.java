package dev.tautline.datachannel.dcep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tautline.datachannel.dcep.DcepException.Reason;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DcepMessageTest {
  private static final HexFormat HEX = HexFormat.of();

  @Test
  void writesOpenAsRfc8832Draws() {
    var open =
        new DcepMessage.Open(
            ChannelType.PARTIAL_RELIABLE_REXMIT_UNORDERED, 256, 3, "chat", "proto");

    assertThat(HEX.formatHex(open.toBytes()))
        .isEqualTo("03" + "81" + "0100" + "00000003" + "0004" + "0005" + "63686174" + "70726f746f");
  }

  @ParameterizedTest
  @EnumSource(ChannelType.class)
  void readsWhatItWrites(ChannelType type) throws DcepException {
    var open = new DcepMessage.Open(type, 0xffff, 0xffff_ffffL, "Kanäle 🎈", "");

    assertThat(DcepMessage.parse(open.toBytes())).isEqualTo(open);
  }

  @Test
  void takesTheLongestLabelAndProtocol() throws DcepException {
    String longest = "x".repeat(65_535);
    var open = new DcepMessage.Open(ChannelType.RELIABLE, 256, 0, longest, longest);

    assertThat(DcepMessage.parse(open.toBytes())).isEqualTo(open);
    var tooLong = new DcepMessage.Open(ChannelType.RELIABLE, 256, 0, longest + "x", "");
    assertThatThrownBy(tooLong::toBytes).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void readsAck() throws DcepException {
    assertThat(DcepMessage.parse(new byte[] {2})).isEqualTo(DcepMessage.Ack.INSTANCE);
    assertThat(DcepMessage.Ack.INSTANCE.toBytes()).containsExactly(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // One byte less and one more than the lengths say.
        "0300010000000000" + "00040000" + "636861",
        "0300010000000000" + "00040000" + "6368617400",
        // Label and protocol together reach beyond the message.
        "0300010000000000" + "ffffffff" + "63686174",
        "0300",
        "03",
        "",
      })
  void lengthsThatDoNotAddUpAreErrors(String hex) {
    assertThatThrownBy(() -> DcepMessage.parse(HEX.parseHex(hex)))
        .isInstanceOfSatisfying(
            DcepException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BAD_LENGTH));
  }

  @Test
  void unknownTypesAreErrors() {
    assertThatThrownBy(() -> DcepMessage.parse(HEX.parseHex("0303010000000000" + "00000000")))
        .isInstanceOfSatisfying(
            DcepException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.UNKNOWN_CHANNEL_TYPE));
    assertThatThrownBy(() -> DcepMessage.parse(new byte[] {1}))
        .isInstanceOfSatisfying(
            DcepException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNKNOWN_MESSAGE));
  }

  @Test
  void everyCutAndEveryFlippedBitGivesAMessageOrOurException() {
    byte[] whole = new DcepMessage.Open(ChannelType.RELIABLE, 256, 0, "label", "p").toBytes();
    int refused = 0;
    for (int length = 0; length < whole.length; length++) {
      refused += refuses(Arrays.copyOf(whole, length));
    }
    assertThat(refused).isEqualTo(whole.length);
    for (int bit = 0; bit < whole.length * 8; bit++) {
      byte[] flipped = whole.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      refused += refuses(flipped);
    }
    assertThat(refused).isGreaterThan(whole.length);
  }

  private static int refuses(byte[] bytes) {
    try {
      DcepMessage.parse(bytes);
      return 0;
    } catch (DcepException e) {
      return 1;
    }
  }
}

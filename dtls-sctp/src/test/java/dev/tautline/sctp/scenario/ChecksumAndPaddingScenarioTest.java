package dev.tautline.sctp.scenario;

import dev.tautline.base.WireWriter;
import dev.tautline.sctp.DropReason;
import org.junit.jupiter.api.Test;

/** RFC 9653 with data, and RFC 4820. */
class ChecksumAndPaddingScenarioTest extends Dialogues {
  private final Dialogue both =
      open(setup().options(o -> o.zeroChecksum(true)).peerTakesZeroChecksums());

  private static byte[] withChecksum(byte[] packet, int checksum) {
    WireWriter.putI32(packet, 8, checksum);
    return packet;
  }

  // The dialogue itself holds each packet of Z against what was agreed on.

  @Test
  void whereBothCanDoWithoutNoPacketHasAChecksum() {
    both.user(1, 20).sends("DATA 0 s1.0 IBE 20").gets("SACK 0");

    both.getsBytes("DATA without", withChecksum(both.bytes("DATA 0 s1.0 IBE 5"), 0));
    both.sends("SACK 0").delivers("s1: 0x5").nextSending().sends("HEARTBEAT");
    both.gets("HEARTBEATACK").sendsNothing();
  }

  @Test
  void whereBothCanDoWithoutAChecksumIsStillTaken() {
    both.gets("DATA 0 s1.0 IBE 6").sends("SACK 0").delivers("s1: 0x6");
  }

  @Test
  void aWrongChecksumIsNeverTaken() {
    both.getsBytes("DATA wrong", withChecksum(both.bytes("DATA 0 s1.0 IBE 7"), 1)).sendsNothing();

    both.drops(DropReason.BAD_CHECKSUM, 1).deliversNothing();
  }

  @Test
  void towardsAPeerThatNeverAskedZeroIsAWrongSum() {
    Dialogue own = open(setup().options(o -> o.zeroChecksum(true)));
    own.getsBytes("DATA without", withChecksum(own.bytes("DATA 0 s1.0 IBE 8"), 0));

    own.drops(DropReason.BAD_CHECKSUM, 1).deliversNothing();
    own.gets("DATA 0 s1.0 IBE 8").sends("SACK 0").delivers("s1: 0x8");
  }

  @Test
  void whereOnlyThePeerCanDoWithoutZeroIsAWrongSum() {
    Dialogue peers = open(setup().peerTakesZeroChecksums());
    peers.getsBytes("DATA without", withChecksum(peers.bytes("DATA 0 s1.0 IBE 9"), 0));
    peers.drops(DropReason.BAD_CHECKSUM, 1).deliversNothing();

    peers.gets("DATA 0 s1.0 IBE 9").sends("SACK 0").delivers("s1: 0x9");
  }

  @Test
  void retransmissionsHaveNoChecksumEither() {
    both.user(1, 21).sends("DATA 0 s1.0 IBE 21").timer(500).sends("DATA 0 s1.0 IBE 21");

    both.gets("SACK 0");
  }

  // --- padding ---

  @Test
  void paddingAloneIsNothing() {
    Dialogue z = open();

    z.gets("PAD 1000", "PAD 0").sendsNothing();
  }

  @Test
  void paddingAroundDataIsSkipped() {
    Dialogue z = open();

    z.gets("PAD 3 + DATA 0 s1.0 BE 5 + PAD 100 + DATA 1 s1.1 IBE 6 + PAD 0").sends("SACK 1");
    z.delivers("s1: 0x5", "s1: 1x6");
  }

  @Test
  void aPaddedHeartbeatIsAnsweredWithoutThePadding() {
    Dialogue z = open();

    z.gets("HEARTBEAT 4 + PAD 1100").sends("HEARTBEATACK 4");
  }

  @Test
  void aPaddedSackIsASack() {
    Dialogue z = open();

    z.user(1, 22).sends("DATA 0 s1.0 IBE 22").gets("SACK 0 + PAD 5").passes(5_000).sendsNothing();
  }
}

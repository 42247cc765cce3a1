package dev.tautline.sctp.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.sctp.packet.SackChunk.GapAckBlock;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Parse and write are each other's inverse; the in-place forms say the same as the records. */
class ChunkRoundTripTest {
  static List<ControlChunk> controlChunks() {
    var body =
        new InitBody(
            0xfedcba98,
            0xffff_ffffL,
            65_535,
            1,
            -1,
            List.of(
                new Parameter(Parameter.FORWARD_TSN_SUPPORTED, Octets.EMPTY),
                new Parameter(0x8008, Octets.copyOf(new byte[] {1, 2, 3}))));
    return List.of(
        new InitChunk(body),
        new InitAckChunk(body),
        new HeartbeatChunk(Octets.copyOf(new byte[] {0, 1, 0, 5, 9})),
        new HeartbeatAckChunk(Octets.EMPTY),
        new AbortChunk(TagBit.REFLECTED_TAG, List.of(ErrorCause.of(12, "why"))),
        new AbortChunk(TagBit.RECEIVERS_TAG, List.of()),
        new ShutdownChunk(-5),
        new ShutdownAckChunk(),
        new ErrorChunk(List.of(ErrorCause.of(1, "a"), ErrorCause.of(6, "bc"))),
        new CookieEchoChunk(Octets.copyOf(new byte[7])),
        new CookieAckChunk(),
        new ShutdownCompleteChunk(TagBit.REFLECTED_TAG),
        new ReconfigChunk(
            List.of(new ReconfigParameter.OutgoingReset(1, 2, 3, List.of(7, 65_535, 0)))),
        new ReconfigChunk(
            List.of(
                new ReconfigParameter.IncomingReset(-1, List.of(5)),
                ReconfigParameter.Response.of(9, 6))),
        new ReconfigChunk(List.of(new ReconfigParameter.TsnReset(77))),
        new ReconfigChunk(
            List.of(new ReconfigParameter.Response(1, 1, OptionalInt.of(5), OptionalInt.of(6)))),
        new ReconfigChunk(
            List.of(
                new ReconfigParameter.AddStreams(
                    ReconfigParameter.AddStreams.Direction.INCOMING, 4, 100))),
        new ForwardTsnChunk(9, List.of(new ForwardTsnChunk.SkippedStream(65_535, 1))),
        new IForwardTsnChunk(
            9, List.of(new IForwardTsnChunk.SkippedStream(3, Order.UNORDERED, -1))),
        new UnknownChunk(0xf0, 0xaa, Octets.copyOf(new byte[] {1, 2, 3})));
  }

  private static byte[] write(Chunk chunk) {
    var out = new WireWriter(chunk.paddedLength());
    chunk.write(out);
    assertThat(out.remaining()).isZero();
    return out.array();
  }

  private static ControlChunk parse(byte[] bytes) throws WireFormatException {
    int length = WireReader.u16At(bytes, 2);
    return ChunkParser.parse(
        bytes[0] & 0xff, bytes[1] & 0xff, new WireReader(bytes, 4, length - 4));
  }

  @ParameterizedTest
  @MethodSource("controlChunks")
  void whatIsWrittenIsRead(ControlChunk chunk) throws WireFormatException {
    assertThat(parse(write(chunk))).isEqualTo(chunk);
  }

  @ParameterizedTest
  @MethodSource("controlChunks")
  void lengthsAreMultiplesOfFourWithZerosBehind(ControlChunk chunk) {
    byte[] bytes = write(chunk);

    assertThat(bytes.length % 4).isZero();
    for (int i = WireReader.u16At(bytes, 2); i < bytes.length; i++) {
      assertThat(bytes[i]).isZero();
    }
  }

  @Test
  void initHasTheLayoutOfTheRfc() {
    var init =
        new InitChunk(
            new InitBody(
                0x01020304,
                0x05060708,
                0x0910,
                0x1112,
                0x13141516,
                List.of(new Parameter(0xc000, Octets.EMPTY))));

    assertThat(HexFormat.of().formatHex(write(init)))
        .isEqualTo("01000018" + "01020304" + "05060708" + "09101112" + "13141516" + "c0000004");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void dataInPlaceIsTheSameAsDataAsARecord(long seed) throws WireFormatException {
    var random = new SplittableRandom(seed);
    var view = new DataView();
    for (int i = 0; i < 500; i++) {
      byte[] payload = new byte[1 + random.nextInt(50)];
      random.nextBytes(payload);
      var record =
          new DataChunk(
              random.nextInt(16),
              random.nextInt(),
              random.nextInt(65_536),
              random.nextInt(65_536),
              random.nextInt(),
              Octets.copyOf(payload));
      byte[] expected = write(record);
      byte[] written = new byte[expected.length + 10];
      int at = 5;
      at +=
          DataFormat.writeDataHeader(
              written,
              at,
              record.flags(),
              payload.length,
              record.tsn(),
              record.streamId(),
              record.ssn(),
              record.ppid());
      at += DataFormat.writePayload(written, at, payload, 0, payload.length);
      view.wrap(written, 5, 16 + payload.length);

      assertThat(Octets.copyOf(written, 5, at - 5)).isEqualTo(Octets.copyOf(expected));
      assertThat(DataChunk.parse(record.flags(), new WireReader(written, 9, 12 + payload.length)))
          .isEqualTo(record);
      assertThat(view.tsn()).isEqualTo(record.tsn());
      assertThat(view.streamId()).isEqualTo(record.streamId());
      assertThat(view.messageId()).isEqualTo(record.ssn());
      assertThat(view.ppid()).isEqualTo(record.ppid());
      assertThat(view.begins()).isEqualTo((record.flags() & 2) != 0);
      assertThat(view.ends()).isEqualTo((record.flags() & 1) != 0);
      assertThat(view.order() == Order.UNORDERED).isEqualTo((record.flags() & 4) != 0);
      assertThat(view.wantsSackAtOnce()).isEqualTo((record.flags() & 8) != 0);
      assertThat(Octets.copyOf(view.bytes(), view.payloadOffset(), view.payloadLength()))
          .isEqualTo(record.payload());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void interleavedDataInPlaceIsTheSameAsARecord(long seed) throws WireFormatException {
    var random = new SplittableRandom(seed);
    var view = new DataView();
    for (int i = 0; i < 500; i++) {
      byte[] payload = new byte[1 + random.nextInt(50)];
      var record =
          new IDataChunk(
              random.nextInt(16),
              random.nextInt(),
              random.nextInt(65_536),
              random.nextInt(),
              random.nextInt(),
              Octets.copyOf(payload));
      byte[] bytes = write(record);
      byte[] written = new byte[bytes.length];
      int header =
          DataFormat.writeIDataHeader(
              written,
              0,
              record.flags(),
              payload.length,
              record.tsn(),
              record.streamId(),
              record.mid(),
              record.ppidOrFsn());
      DataFormat.writePayload(written, header, payload, 0, payload.length);
      view.wrap(bytes, 0, 20 + payload.length);

      assertThat(written).isEqualTo(bytes);
      assertThat(view.messageId()).isEqualTo(record.mid());
      boolean begins = (record.flags() & 2) != 0;
      assertThat(view.ppid()).isEqualTo(begins ? record.ppidOrFsn() : 0);
      assertThat(view.fsn()).isEqualTo(begins ? 0 : record.ppidOrFsn());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void aSackInPlaceIsTheSameAsARecord(long seed) throws WireFormatException {
    var random = new SplittableRandom(seed);
    var view = new SackView();
    for (int i = 0; i < 300; i++) {
      var blocks = new ArrayList<GapAckBlock>();
      int at = 0;
      for (int j = random.nextInt(20); j > 0; j--) {
        int start = at + 1 + random.nextInt(100);
        at = start + random.nextInt(100);
        blocks.add(new GapAckBlock(start, at));
      }
      var duplicates = new ArrayList<Integer>();
      for (int j = random.nextInt(5); j > 0; j--) {
        duplicates.add(random.nextInt());
      }
      var record =
          new SackChunk(random.nextInt(), random.nextInt() & 0xffff_ffffL, blocks, duplicates);
      byte[] bytes = write(record);

      view.wrap(bytes, 0, bytes.length);

      assertThat(SackChunk.parse(new WireReader(bytes, 4, bytes.length - 4))).isEqualTo(record);
      assertThat(view.cumulativeTsnAck()).isEqualTo(record.cumulativeTsnAck());
      assertThat(view.aRwnd()).isEqualTo(record.aRwnd());
      assertThat(view.gapAckBlocks()).isEqualTo(blocks.size());
      assertThat(view.duplicateTsns()).isEqualTo(duplicates.size());
      for (int j = 0; j < blocks.size(); j++) {
        assertThat(new GapAckBlock(view.gapStart(j), view.gapEnd(j))).isEqualTo(blocks.get(j));
      }
    }
  }

  @Test
  void aSackWhoseCountsDoNotFitIsMalformed() {
    byte[] sack = write(new SackChunk(1, 2, List.of(new GapAckBlock(2, 3)), List.of(5)));
    for (int length = 0; length < sack.length; length++) {
      int cut = length;
      assertThatThrownBy(() -> new SackView().wrap(sack, 0, cut))
          .isInstanceOf(SctpParseException.class);
    }
    WireWriter.putU16(sack, 12, 65_535);
    assertThatThrownBy(() -> new SackView().wrap(sack, 0, sack.length))
        .isInstanceOf(SctpParseException.class);
  }

  @Test
  void entriesCutInHalfAreMalformed() {
    for (String hex :
        List.of(
            "c000000a0000000100020000",
            "c200000c0000000100020000",
            "82000004",
            "0600000800010002")) {
      assertThatThrownBy(() -> parse(HexFormat.of().parseHex(hex)))
          .as(hex)
          .isInstanceOf(WireFormatException.class);
    }
  }
}

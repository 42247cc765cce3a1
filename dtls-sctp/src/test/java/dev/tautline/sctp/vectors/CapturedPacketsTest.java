package dev.tautline.sctp.vectors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.ChunkType;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.DataView;
import dev.tautline.sctp.packet.IDataChunk;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.packet.SackView;
import dev.tautline.sctp.packet.SctpParseException;
import dev.tautline.sctp.vectors.CapturedPacket.Sender;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Packets of associations with Chromium, Firefox and node-datachannel: read as Wireshark reads
 * them, and written as they came.
 */
class CapturedPacketsTest {
  /**
   * What Wireshark derives or repeats (numbers relative to the first, bits of a type, padding), and
   * what stands in parameters that nobody reads here.
   */
  private static final Set<String> NOT_COMPARED =
      Set.of(
          "sctp.checksum",
          "sctp.chunk_bit_1",
          "sctp.chunk_bit_2",
          "sctp.chunk_padding",
          "sctp.parameter_bit_1",
          "sctp.parameter_bit_2",
          "sctp.parameter_padding",
          "sctp.cause_padding",
          "sctp.data_tsn",
          "sctp.data_reserved",
          "sctp.sack_nounce_sum",
          "sctp.sack_cumulative_tsn_ack",
          "sctp.sack_gap_block_start_tsn",
          "sctp.sack_gap_block_end_tsn",
          "sctp.i_forward_tsn_res",
          "sctp.random_number",
          "sctp.hmac_id",
          "sctp.chunk_type_to_auth",
          "sctp.supported_address_type");

  static List<CapturedPacket> packets() {
    return CapturedPacket.all();
  }

  @ParameterizedTest
  @MethodSource("packets")
  void isReadAsWiresharkReadsIt(CapturedPacket packet) throws WireFormatException {
    List<String> expected =
        packet.fields().stream()
            .filter(line -> !NOT_COMPARED.contains(line.substring(0, line.indexOf(' '))))
            .toList();
    assertThat(new PacketFields(packet.bytes()).lines()).isEqualTo(expected);
  }

  static List<CapturedPacket> packetsOfOthers() {
    return packets().stream().filter(packet -> packet.sender() == Sender.THEIRS).toList();
  }

  /** Ours are left out: they show how an older state wrote them. */
  @ParameterizedTest
  @MethodSource("packetsOfOthers")
  void isWrittenAsItCame(CapturedPacket packet) throws WireFormatException {
    byte[] bytes = packet.bytes();
    var header = new PacketHeader();
    byte[] written = new byte[bytes.length];
    PacketHeader.write(
        written,
        0,
        PacketHeader.sourcePort(bytes, 0),
        PacketHeader.destinationPort(bytes, 0),
        PacketHeader.verificationTag(bytes, 0));
    var out = new WireWriter(written, PacketHeader.BYTES, written.length);
    for (Chunk chunk : new PacketFields(bytes).chunks()) {
      chunk.write(out);
    }
    if (!PacketHeader.hasZeroChecksum(bytes, 0)) {
      assertThat(header.isSealed(bytes, 0, bytes.length)).as("checksum").isTrue();
      header.seal(written, 0, written.length);
    }
    assertThat(written).isEqualTo(bytes);
  }

  /** The forms without an object for each chunk say the same as the records. */
  @ParameterizedTest
  @MethodSource("packets")
  void isReadInPlaceAsIntoRecords(CapturedPacket packet) throws WireFormatException {
    byte[] bytes = packet.bytes();
    int position = PacketHeader.BYTES;
    for (Chunk chunk : new PacketFields(bytes).chunks()) {
      int length = WireReader.u16At(bytes, position + 2);
      if (chunk instanceof DataChunk data) {
        DataView view = dataView(bytes, position, length);
        assertThat(view.tsn()).isEqualTo(data.tsn());
        assertThat(view.streamId()).isEqualTo(data.streamId());
        assertThat(view.messageId()).isEqualTo(data.ssn());
        assertThat(view.ppid()).isEqualTo(data.ppid());
        assertThat(payload(view)).isEqualTo(data.payload().toByteArray());
      } else if (chunk instanceof IDataChunk data) {
        DataView view = dataView(bytes, position, length);
        assertThat(view.tsn()).isEqualTo(data.tsn());
        assertThat(view.streamId()).isEqualTo(data.streamId());
        assertThat(view.messageId()).isEqualTo(data.mid());
        assertThat(view.begins() ? view.ppid() : view.fsn()).isEqualTo(data.ppidOrFsn());
        assertThat(payload(view)).isEqualTo(data.payload().toByteArray());
      } else if (chunk instanceof SackChunk sack) {
        var view = new SackView();
        view.wrap(bytes, position, length);
        assertThat(view.cumulativeTsnAck()).isEqualTo(sack.cumulativeTsnAck());
        assertThat(view.aRwnd()).isEqualTo(sack.aRwnd());
        assertThat(view.gapAckBlocks()).isEqualTo(sack.gapAckBlocks().size());
        for (int i = 0; i < view.gapAckBlocks(); i++) {
          SackChunk.GapAckBlock block = sack.gapAckBlocks().get(i);
          assertThat(view.gapStart(i)).isEqualTo(block.start());
          assertThat(view.gapEnd(i)).isEqualTo(block.end());
        }
        assertThat(view.duplicateTsns()).isEqualTo(sack.duplicateTsns().size());
      }
      position += Chunk.padded(length);
    }
    assertThat(position).isEqualTo(bytes.length);
  }

  private static DataView dataView(byte[] bytes, int position, int length)
      throws SctpParseException {
    var view = new DataView();
    view.wrap(bytes, position, length);
    return view;
  }

  private static byte[] payload(DataView view) {
    return Arrays.copyOfRange(
        view.bytes(), view.payloadOffset(), view.payloadOffset() + view.payloadLength());
  }

  /**
   * ERROR and PAD are missing: none of these stacks has a reason to send one. SHUTDOWN COMPLETE is
   * ours alone: libdatachannel closes DTLS right behind its SHUTDOWN.
   */
  @Test
  void everyKindOfChunkThatIsSentIsThere() {
    Set<String> types =
        packets().stream()
            .flatMap(packet -> packet.values("sctp.chunk_type").stream())
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(types)
        .containsExactlyInAnyOrderElementsOf(
            Stream.of(
                    ChunkType.DATA,
                    ChunkType.INIT,
                    ChunkType.INIT_ACK,
                    ChunkType.SACK,
                    ChunkType.HEARTBEAT,
                    ChunkType.HEARTBEAT_ACK,
                    ChunkType.ABORT,
                    ChunkType.SHUTDOWN,
                    ChunkType.SHUTDOWN_ACK,
                    ChunkType.SHUTDOWN_COMPLETE,
                    ChunkType.COOKIE_ECHO,
                    ChunkType.COOKIE_ACK,
                    ChunkType.I_DATA,
                    ChunkType.RE_CONFIG,
                    ChunkType.FORWARD_TSN,
                    ChunkType.I_FORWARD_TSN)
                .map(type -> Integer.toString(type))
                .toList());
  }

  /** The last vector of RFC 3720 appendix B.4; the others are in PacketHeaderTest. */
  @Test
  void crc32cOfAnIscsiReadCommandIsThatOfRfc3720() {
    byte[] command =
        HexFormat.of()
            .parseHex(
                "01c00000000000000000000000000000"
                    + "14000000000004000000001400000018"
                    + "28000000000000000200000000000000");
    var crc = new CRC32C();
    crc.update(command);
    assertThat(HexFormat.of().toHexDigits(Integer.reverseBytes((int) crc.getValue())))
        .isEqualTo("563a96d9");
  }
}

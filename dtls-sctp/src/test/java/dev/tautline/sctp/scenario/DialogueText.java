package dev.tautline.sctp.scenario;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.sctp.packet.AbortChunk;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.ChunkParser;
import dev.tautline.sctp.packet.ChunkType;
import dev.tautline.sctp.packet.CookieAckChunk;
import dev.tautline.sctp.packet.CookieEchoChunk;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.DataFormat;
import dev.tautline.sctp.packet.ErrorChunk;
import dev.tautline.sctp.packet.ForwardTsnChunk;
import dev.tautline.sctp.packet.HeartbeatAckChunk;
import dev.tautline.sctp.packet.HeartbeatChunk;
import dev.tautline.sctp.packet.IDataChunk;
import dev.tautline.sctp.packet.IForwardTsnChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.Order;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.PadChunk;
import dev.tautline.sctp.packet.ReconfigChunk;
import dev.tautline.sctp.packet.ReconfigParameter;
import dev.tautline.sctp.packet.ReconfigParameter.AddStreams;
import dev.tautline.sctp.packet.ReconfigParameter.IncomingReset;
import dev.tautline.sctp.packet.ReconfigParameter.OutgoingReset;
import dev.tautline.sctp.packet.ReconfigParameter.Response;
import dev.tautline.sctp.packet.ReconfigParameter.TsnReset;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.packet.SackChunk.GapAckBlock;
import dev.tautline.sctp.packet.ShutdownAckChunk;
import dev.tautline.sctp.packet.ShutdownChunk;
import dev.tautline.sctp.packet.ShutdownCompleteChunk;
import dev.tautline.sctp.packet.TagBit;
import dev.tautline.sctp.packet.UnknownChunk;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The rungs of a ladder as text, read and written. TSNs and request numbers count from 0 at their
 * sender's initial TSN, so that {@code -1} is what came before the first.
 *
 * <pre>{@code
 * DATA tsn sSTREAM.SSN FLAGS length [ppid n]       FLAGS of IUBE, "-" for none
 * IDATA tsn sSTREAM.MID FLAGS length [ppid n | fsn n]
 * SACK cum [gaps 2,4-5] [dups 3,3] [rwnd n]        gaps as on the wire, from cum on
 * FORWARD tsn [s4.0 …]      IFORWARD tsn [s4.0 s4.1u …]
 * RESET n last tsn [answers n] [s3,5]   WANTRESET n [s3]   TSNRESET n   ADDOUT n 24   ADDIN n 24
 * RESPONSE n result [next tsn tsn]
 * SHUTDOWN cum   SHUTDOWNACK   COMPLETE   ABORT cause   ERROR cause   PAD n   UNKNOWN type
 * }</pre>
 *
 * <p>Chunks of a packet are joined by {@code " + "}, parameters of a RE-CONFIG by {@code " & "}.
 */
final class DialogueText {
  /** Who sent a packet. */
  enum Side {
    PEER,
    Z
  }

  private static final int PPID = 53;
  private static final String FLAGS = "EBUI";

  private final int peerBase;
  private final int ownBase;

  /** With the two initial TSNs. */
  DialogueText(int peerBase, int ownBase) {
    this.peerBase = peerBase;
    this.ownBase = ownBase;
  }

  private int base(Side side) {
    return side == Side.PEER ? peerBase : ownBase;
  }

  private static Side other(Side side) {
    return side == Side.PEER ? Side.Z : Side.PEER;
  }

  // --- text to chunks ---

  List<Chunk> parse(String packet, Side from) {
    return Arrays.stream(packet.split(" \\+ ", -1)).map(text -> parseChunk(text, from)).toList();
  }

  private Chunk parseChunk(String text, Side from) {
    var words = new ArrayDeque<>(List.of(text.trim().split("[ ]+")));
    return switch (words.element()) {
      case "DATA" -> data(words, from);
      case "IDATA" -> iData(words, from);
      case "SACK" -> sack(words, from);
      case "FORWARD" -> forward(words, from);
      case "IFORWARD" -> iForward(words, from);
      case "SHUTDOWN" -> new ShutdownChunk(second(words) + base(other(from)));
      case "SHUTDOWNACK" -> new ShutdownAckChunk();
      case "COMPLETE" -> new ShutdownCompleteChunk(TagBit.RECEIVERS_TAG);
      case "ABORT" -> new AbortChunk(TagBit.RECEIVERS_TAG, List.of());
      case "PAD" -> new PadChunk(Octets.copyOf(new byte[second(words)]));
      case "HEARTBEAT" ->
          new HeartbeatChunk(Octets.copyOf(new byte[] {0, 1, 0, 8, 1, 2, 3, (byte) second(words)}));
      case "UNKNOWN" -> new UnknownChunk(second(words), 0, Octets.EMPTY);
      default ->
          new ReconfigChunk(
              Arrays.stream(text.split(" & ", -1)).map(p -> parseParameter(p, from)).toList());
    };
  }

  private static int second(ArrayDeque<String> words) {
    words.remove();
    return Integer.parseInt(words.remove());
  }

  private DataChunk data(ArrayDeque<String> words, Side from) {
    int relative = second(words);
    int[] stream = stream(words.remove());
    int flags = flags(words.remove());
    byte[] payload = payload(relative, Integer.parseInt(words.remove()));
    int ppid = words.isEmpty() ? PPID : second(words);
    return new DataChunk(
        flags, relative + base(from), stream[0], stream[1], ppid, Octets.copyOf(payload));
  }

  private IDataChunk iData(ArrayDeque<String> words, Side from) {
    int relative = second(words);
    int[] stream = stream(words.remove());
    int flags = flags(words.remove());
    byte[] payload = payload(relative, Integer.parseInt(words.remove()));
    int ppidOrFsn = words.isEmpty() ? PPID : second(words);
    return new IDataChunk(
        flags, relative + base(from), stream[0], stream[1], ppidOrFsn, Octets.copyOf(payload));
  }

  private static byte[] payload(int relativeTsn, int length) {
    byte[] payload = new byte[length];
    Arrays.fill(payload, (byte) relativeTsn);
    return payload;
  }

  /** {@code s4.7} */
  private static int[] stream(String word) {
    String[] parts = word.substring(1).split("\\.", -1);
    return new int[] {Integer.parseInt(parts[0]), Integer.parseUnsignedInt(parts[1])};
  }

  private static int flags(String word) {
    int flags = 0;
    for (char c : word.toCharArray()) {
      flags |= c == '-' ? 0 : 1 << FLAGS.indexOf(c);
    }
    return flags;
  }

  private SackChunk sack(ArrayDeque<String> words, Side from) {
    int cumulative = second(words) + base(other(from));
    long window = Dialogue.PEER_WINDOW;
    var gaps = new ArrayList<GapAckBlock>();
    var duplicates = new ArrayList<Integer>();
    while (!words.isEmpty()) {
      switch (words.remove()) {
        case "gaps" -> {
          for (String gap : words.remove().split(",", -1)) {
            String[] ends = gap.split("-", -1);
            int start = Integer.parseInt(ends[0]);
            gaps.add(new GapAckBlock(start, Integer.parseInt(ends[ends.length - 1])));
          }
        }
        case "dups" -> {
          for (String duplicate : words.remove().split(",", -1)) {
            duplicates.add(Integer.parseInt(duplicate) + base(other(from)));
          }
        }
        case "rwnd" -> window = Long.parseLong(words.remove());
        default -> throw new IllegalArgumentException("SACK " + words);
      }
    }
    return new SackChunk(cumulative, window, gaps, duplicates);
  }

  private ForwardTsnChunk forward(ArrayDeque<String> words, Side from) {
    int tsn = second(words) + base(from);
    var skipped = new ArrayList<ForwardTsnChunk.SkippedStream>();
    for (String word : words) {
      int[] stream = stream(word);
      skipped.add(new ForwardTsnChunk.SkippedStream(stream[0], stream[1]));
    }
    return new ForwardTsnChunk(tsn, skipped);
  }

  private IForwardTsnChunk iForward(ArrayDeque<String> words, Side from) {
    int tsn = second(words) + base(from);
    var skipped = new ArrayList<IForwardTsnChunk.SkippedStream>();
    for (String word : words) {
      boolean unordered = word.endsWith("u");
      int[] stream = stream(unordered ? word.substring(0, word.length() - 1) : word);
      skipped.add(
          new IForwardTsnChunk.SkippedStream(
              stream[0], unordered ? Order.UNORDERED : Order.ORDERED, stream[1]));
    }
    return new IForwardTsnChunk(tsn, skipped);
  }

  private ReconfigParameter parseParameter(String text, Side from) {
    var words = new ArrayDeque<>(List.of(text.trim().split("[ ]+")));
    String kind = words.remove();
    int number = Integer.parseInt(words.remove());
    return switch (kind) {
      case "RESET" -> {
        int last = second(words) + base(from);
        int answers = base(other(from)) - 1;
        var streams = new ArrayList<Integer>();
        while (!words.isEmpty()) {
          String word = words.remove();
          if (word.equals("answers")) {
            answers = Integer.parseInt(words.remove()) + base(other(from));
          } else {
            streams.addAll(streams(word));
          }
        }
        yield new OutgoingReset(number + base(from), answers, last, streams);
      }
      case "WANTRESET" ->
          new IncomingReset(
              number + base(from), words.isEmpty() ? List.of() : streams(words.remove()));
      case "TSNRESET" -> new TsnReset(number + base(from));
      case "ADDOUT" ->
          new AddStreams(
              AddStreams.Direction.OUTGOING, number + base(from), Integer.parseInt(words.remove()));
      case "ADDIN" ->
          new AddStreams(
              AddStreams.Direction.INCOMING, number + base(from), Integer.parseInt(words.remove()));
      case "RESPONSE" -> Response.of(number + base(other(from)), Integer.parseInt(words.remove()));
      default -> throw new IllegalArgumentException(text);
    };
  }

  private static List<Integer> streams(String word) {
    return Arrays.stream(word.substring(1).split(",", -1)).map(Integer::valueOf).toList();
  }

  // --- chunks to text ---

  /** The chunks of a packet that must be well-formed. */
  static List<Chunk> chunks(byte[] packet) {
    var chunks = new ArrayList<Chunk>();
    int at = PacketHeader.BYTES;
    try {
      while (packet.length - at >= Chunk.HEADER_BYTES) {
        int type = packet[at] & 0xff;
        int flags = packet[at + 1] & 0xff;
        int length = WireReader.u16At(packet, at + 2);
        var value = new WireReader(packet, at, packet.length - at);
        value.skip(Chunk.HEADER_BYTES);
        WireReader slice = value.slice(length - Chunk.HEADER_BYTES);
        chunks.add(
            switch (type) {
              case ChunkType.DATA -> DataChunk.parse(flags, slice);
              case ChunkType.I_DATA -> IDataChunk.parse(flags, slice);
              case ChunkType.SACK -> SackChunk.parse(slice);
              default -> ChunkParser.parse(type, flags, slice);
            });
        at += Chunk.padded(length);
      }
    } catch (WireFormatException e) {
      throw new AssertionError("a malformed packet was sent", e);
    }
    return chunks;
  }

  /** A packet with the windows of its SACKs or without. */
  String render(byte[] packet, Side from, Windows windows) {
    return chunks(packet).stream()
        .map(chunk -> render(chunk, from, windows))
        .collect(Collectors.joining(" + "));
  }

  /** Whether receive windows are shown. */
  enum Windows {
    SHOWN,
    HIDDEN
  }

  private String render(Chunk chunk, Side from, Windows windows) {
    if (chunk instanceof DataChunk d) {
      return "DATA %d s%d.%d %s %d%s"
          .formatted(
              d.tsn() - base(from),
              d.streamId(),
              d.ssn(),
              flagsText(d.flags()),
              d.payload().length(),
              d.ppid() == PPID ? "" : " ppid " + d.ppid());
    }
    if (chunk instanceof IDataChunk d) {
      boolean begins = (d.flags() & DataFormat.B_BIT) != 0;
      String last = begins ? " ppid " : " fsn ";
      return "IDATA %d s%d.%s %s %d%s"
          .formatted(
              d.tsn() - base(from),
              d.streamId(),
              Integer.toUnsignedString(d.mid()),
              flagsText(d.flags()),
              d.payload().length(),
              begins && d.ppidOrFsn() == PPID ? "" : last + d.ppidOrFsn());
    }
    if (chunk instanceof SackChunk s) {
      return sackText(s, from, windows);
    }
    if (chunk instanceof ForwardTsnChunk f) {
      return "FORWARD "
          + (f.newCumulativeTsn() - base(from))
          + f.skippedStreams().stream()
              .map(s -> " s" + s.streamId() + "." + s.ssn())
              .collect(Collectors.joining());
    }
    if (chunk instanceof IForwardTsnChunk f) {
      return "IFORWARD "
          + (f.newCumulativeTsn() - base(from))
          + f.skippedStreams().stream()
              .map(
                  s ->
                      " s"
                          + s.streamId()
                          + "."
                          + Integer.toUnsignedString(s.mid())
                          + (s.order() == Order.UNORDERED ? "u" : ""))
              .collect(Collectors.joining());
    }
    if (chunk instanceof ReconfigChunk r) {
      return r.parameters().stream()
          .map(p -> parameterText(p, from))
          .collect(Collectors.joining(" & "));
    }
    return controlText(chunk, from);
  }

  private String controlText(Chunk chunk, Side from) {
    if (chunk instanceof ShutdownChunk s) {
      return "SHUTDOWN " + (s.cumulativeTsnAck() - base(other(from)));
    }
    if (chunk instanceof ShutdownAckChunk) {
      return "SHUTDOWNACK";
    }
    if (chunk instanceof ShutdownCompleteChunk) {
      return "COMPLETE";
    }
    if (chunk instanceof AbortChunk a) {
      return "ABORT" + a.causes().stream().map(c -> " " + c.code()).collect(Collectors.joining());
    }
    if (chunk instanceof ErrorChunk e) {
      return "ERROR"
          + e.causes().stream()
              .map(c -> " " + c.code() + " " + hex(c.info()))
              .collect(Collectors.joining());
    }
    if (chunk instanceof HeartbeatChunk) {
      return "HEARTBEAT";
    }
    if (chunk instanceof HeartbeatAckChunk ack) {
      byte[] info = ack.info().toByteArray();
      return "HEARTBEATACK " + info[info.length - 1];
    }
    if (chunk instanceof CookieEchoChunk) {
      return "COOKIEECHO";
    }
    if (chunk instanceof CookieAckChunk) {
      return "COOKIEACK";
    }
    if (chunk instanceof PadChunk p) {
      return "PAD " + p.padding().length();
    }
    if (chunk instanceof UnknownChunk u) {
      return "UNKNOWN " + u.type();
    }
    return chunk.toString();
  }

  private static String hex(Octets octets) {
    byte[] bytes = octets.toByteArray();
    return IntStream.range(0, bytes.length)
        .mapToObj(i -> "%02x".formatted(bytes[i]))
        .collect(Collectors.joining());
  }

  private String sackText(SackChunk sack, Side from, Windows windows) {
    int base = base(other(from));
    var text = new StringBuilder("SACK " + (sack.cumulativeTsnAck() - base));
    if (!sack.gapAckBlocks().isEmpty()) {
      text.append(" gaps ")
          .append(
              sack.gapAckBlocks().stream()
                  .map(g -> g.start() == g.end() ? "" + g.start() : g.start() + "-" + g.end())
                  .collect(Collectors.joining(",")));
    }
    if (!sack.duplicateTsns().isEmpty()) {
      text.append(" dups ")
          .append(
              sack.duplicateTsns().stream()
                  .map(d -> Integer.toString(d - base))
                  .collect(Collectors.joining(",")));
    }
    if (windows == Windows.SHOWN) {
      text.append(" rwnd ").append(sack.aRwnd());
    }
    return text.toString();
  }

  private String parameterText(ReconfigParameter parameter, Side from) {
    if (parameter instanceof OutgoingReset r) {
      int answers = r.responseSequence() - base(other(from));
      return "RESET "
          + (r.requestSequence() - base(from))
          + " last "
          + (r.lastTsn() - base(from))
          + (answers == -1 ? "" : " answers " + answers)
          + streamsText(r.streamIds());
    }
    if (parameter instanceof IncomingReset r) {
      return "WANTRESET " + (r.requestSequence() - base(from)) + streamsText(r.streamIds());
    }
    if (parameter instanceof TsnReset r) {
      return "TSNRESET " + (r.requestSequence() - base(from));
    }
    if (parameter instanceof AddStreams a) {
      return (a.direction() == AddStreams.Direction.OUTGOING ? "ADDOUT " : "ADDIN ")
          + (a.requestSequence() - base(from))
          + " "
          + a.newStreams();
    }
    if (parameter instanceof Response r) {
      String next =
          r.senderNextTsn().isPresent() && r.receiverNextTsn().isPresent()
              ? " next "
                  + (r.senderNextTsn().getAsInt() - base(from))
                  + " "
                  + (r.receiverNextTsn().getAsInt() - base(other(from)))
              : "";
      return "RESPONSE " + (r.responseSequence() - base(other(from))) + " " + r.result() + next;
    }
    throw new IllegalArgumentException(parameter.toString());
  }

  private static String streamsText(List<Integer> streams) {
    return streams.isEmpty()
        ? ""
        : " s" + streams.stream().map(Object::toString).collect(Collectors.joining(","));
  }

  private static String flagsText(int flags) {
    var text = new StringBuilder();
    for (int i = FLAGS.length() - 1; i >= 0; i--) {
      if ((flags & 1 << i) != 0) {
        text.append(FLAGS.charAt(i));
      }
    }
    return text.isEmpty() ? "-" : text.toString();
  }

  /** A payload as runs of equal bytes: {@code 0x10,1x11}. */
  static String runs(byte[] payload) {
    var runs = new ArrayList<String>();
    int start = 0;
    for (int i = 1; i <= payload.length; i++) {
      if (i == payload.length || payload[i] != payload[start]) {
        runs.add(payload[start] + "x" + (i - start));
        start = i;
      }
    }
    return String.join(",", runs);
  }

  /** Four zero bytes' worth of a TSN, for causes that hold one. */
  String tsnHex(int relative, Side from) {
    return hex(Octets.copyOf(new WireWriter(4).u32(relative + base(from)).array()));
  }
}

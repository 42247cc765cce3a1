package dev.tautline.sctp.scenario;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.sctp.packet.AbortChunk;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.ChunkParser;
import dev.tautline.sctp.packet.ChunkType;
import dev.tautline.sctp.packet.CookieEchoChunk;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.ErrorCause;
import dev.tautline.sctp.packet.ErrorChunk;
import dev.tautline.sctp.packet.ForwardTsnChunk;
import dev.tautline.sctp.packet.HeartbeatAckChunk;
import dev.tautline.sctp.packet.HeartbeatChunk;
import dev.tautline.sctp.packet.IDataChunk;
import dev.tautline.sctp.packet.IForwardTsnChunk;
import dev.tautline.sctp.packet.InitAckChunk;
import dev.tautline.sctp.packet.InitBody;
import dev.tautline.sctp.packet.InitChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.Parameter;
import dev.tautline.sctp.packet.ReconfigChunk;
import dev.tautline.sctp.packet.ReconfigParameter;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.packet.ShutdownChunk;
import dev.tautline.sctp.packet.ShutdownCompleteChunk;
import dev.tautline.sctp.packet.UnknownChunk;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Packets as text in which random numbers have names: tags, cookies and nonces by the order in
 * which they appear, TSNs by their distance from the nearest initial TSN. Never throws.
 */
final class LadderText {
  /** No test sends more TSNs than that; what is farther away is a number made up by the test. */
  private static final int NEAR = 1 << 21;

  private static final int SHOWN_BYTES = 12;

  private final PacketHeader header = new PacketHeader();
  private final Map<Integer, String> tags = new HashMap<>();
  private final Map<Octets, String> opaques = new HashMap<>();
  private final List<Integer> initialTsns = new ArrayList<>();

  String describe(byte[] packet) {
    if (packet.length < PacketHeader.BYTES) {
      return packet.length + " bytes";
    }
    var text = new StringBuilder("[");
    text.append(tag(PacketHeader.verificationTag(packet, 0)));
    int from = PacketHeader.sourcePort(packet, 0);
    int to = PacketHeader.destinationPort(packet, 0);
    if (from != 5000 || to != 5000) {
      text.append(" ports ").append(from).append('>').append(to);
    }
    if (PacketHeader.hasZeroChecksum(packet, 0)) {
      text.append(" zero checksum");
    } else if (!header.isSealed(packet.clone(), 0, packet.length)) {
      text.append(" bad checksum");
    }
    text.append(']');
    return text.append(chunks(packet)).toString();
  }

  private String chunks(byte[] packet) {
    var chunks = new ArrayList<String>();
    int at = PacketHeader.BYTES;
    while (packet.length - at >= Chunk.HEADER_BYTES) {
      int type = packet[at] & 0xff;
      int flags = packet[at + 1] & 0xff;
      int length = WireReader.u16At(packet, at + 2);
      if (length < Chunk.HEADER_BYTES || length > packet.length - at) {
        chunks.add(raw(packet, at, packet.length, "malformed"));
        break;
      }
      chunks.add(chunk(packet, at, type, flags, length));
      at += Chunk.padded(length);
    }
    if (at < packet.length && packet.length - at < Chunk.HEADER_BYTES) {
      chunks.add(packet.length - at + " bytes left over");
    }
    return " " + String.join(" + ", chunks);
  }

  private String chunk(byte[] packet, int at, int type, int flags, int length) {
    int valueAt = at + Chunk.HEADER_BYTES;
    try {
      var value = new WireReader(packet, valueAt, length - Chunk.HEADER_BYTES);
      Chunk chunk =
          switch (type) {
            case ChunkType.DATA -> DataChunk.parse(flags, value);
            case ChunkType.I_DATA -> IDataChunk.parse(flags, value);
            case ChunkType.SACK -> SackChunk.parse(value);
            default -> ChunkParser.parse(type, flags, value);
          };
      return text(chunk, flags, length);
    } catch (WireFormatException | RuntimeException e) {
      return raw(packet, at, at + length, "malformed");
    }
  }

  private static String raw(byte[] packet, int from, int to, String what) {
    int end = Math.min(to, from + 2 * SHOWN_BYTES);
    return what
        + " "
        + (to - from)
        + " bytes "
        + HexFormat.of().formatHex(Arrays.copyOfRange(packet, from, end));
  }

  private String text(Chunk chunk, int flags, int length) {
    if (chunk instanceof DataChunk data) {
      return "DATA "
          + tsn(data.tsn())
          + " sid "
          + data.streamId()
          + " ssn "
          + data.ssn()
          + " flags "
          + data.flags()
          + " ppid "
          + data.ppid()
          + " len "
          + data.payload().length();
    }
    if (chunk instanceof IDataChunk data) {
      return "I-DATA "
          + tsn(data.tsn())
          + " sid "
          + data.streamId()
          + " mid "
          + Integer.toUnsignedString(data.mid())
          + " flags "
          + data.flags()
          + ((data.flags() & 2) != 0 ? " ppid " : " fsn ")
          + Integer.toUnsignedString(data.ppidOrFsn())
          + " len "
          + data.payload().length();
    }
    if (chunk instanceof SackChunk sack) {
      return "SACK "
          + tsn(sack.cumulativeTsnAck())
          + " a_rwnd "
          + sack.aRwnd()
          + sack.gapAckBlocks().stream()
              .map(gap -> gap.start() + "-" + gap.end())
              .collect(Collectors.joining(" ", " gaps ", ""))
          + sack.duplicateTsns().stream()
              .map(this::tsn)
              .collect(Collectors.joining(" ", " duplicates ", ""));
    }
    if (chunk instanceof InitChunk init) {
      return "INIT " + body(init.body());
    }
    if (chunk instanceof InitAckChunk init) {
      return "INIT ACK " + body(init.body());
    }
    if (chunk instanceof CookieEchoChunk echo) {
      return "COOKIE ECHO " + opaque(echo.cookie());
    }
    if (chunk instanceof HeartbeatChunk heartbeat) {
      return "HEARTBEAT " + opaque(heartbeat.info());
    }
    if (chunk instanceof HeartbeatAckChunk heartbeat) {
      return "HEARTBEAT ACK " + opaque(heartbeat.info());
    }
    if (chunk instanceof AbortChunk abort) {
      return "ABORT " + abort.tagBit() + causes(abort.causes());
    }
    if (chunk instanceof ErrorChunk error) {
      return "ERROR" + causes(error.causes());
    }
    if (chunk instanceof ShutdownChunk shutdown) {
      return "SHUTDOWN " + tsn(shutdown.cumulativeTsnAck());
    }
    if (chunk instanceof ShutdownCompleteChunk complete) {
      return "SHUTDOWN COMPLETE " + complete.tagBit();
    }
    if (chunk instanceof ReconfigChunk reconfig) {
      return "RE-CONFIG "
          + reconfig.parameters().stream().map(this::request).collect(Collectors.joining(", "));
    }
    if (chunk instanceof ForwardTsnChunk forward) {
      return "FORWARD-TSN " + tsn(forward.newCumulativeTsn()) + " " + forward.skippedStreams();
    }
    if (chunk instanceof IForwardTsnChunk forward) {
      return "I-FORWARD-TSN " + tsn(forward.newCumulativeTsn()) + " " + forward.skippedStreams();
    }
    if (chunk instanceof UnknownChunk unknown) {
      return "chunk " + Integer.toHexString(unknown.type()) + " flags " + flags + " len " + length;
    }
    // What is left has a name and at most a length.
    return chunk.getClass().getSimpleName() + " len " + length;
  }

  private String body(InitBody body) {
    initialTsns.add(body.initialTsn());
    return "of "
        + tag(body.initiateTag())
        + " a_rwnd "
        + body.aRwnd()
        + " streams "
        + body.outboundStreams()
        + "/"
        + body.inboundStreams()
        + " first "
        + tsn(body.initialTsn())
        + body.parameters().stream()
            .map(this::parameter)
            .collect(Collectors.joining(", ", " {", "}"));
  }

  private String parameter(Parameter parameter) {
    String type = Integer.toHexString(parameter.type());
    return parameter.type() == Parameter.STATE_COOKIE
        ? "cookie " + opaque(parameter.value())
        : type + ":" + hex(parameter.value());
  }

  private static String causes(List<ErrorCause> causes) {
    return causes.stream()
        .map(cause -> " cause " + cause.code() + " len " + cause.info().length())
        .collect(Collectors.joining());
  }

  private String request(ReconfigParameter parameter) {
    if (parameter instanceof ReconfigParameter.OutgoingReset reset) {
      return "reset "
          + tsn(reset.requestSequence())
          + " answers "
          + tsn(reset.responseSequence())
          + " last "
          + tsn(reset.lastTsn())
          + " streams "
          + reset.streamIds();
    }
    if (parameter instanceof ReconfigParameter.IncomingReset reset) {
      return "wants reset " + tsn(reset.requestSequence()) + " streams " + reset.streamIds();
    }
    if (parameter instanceof ReconfigParameter.TsnReset reset) {
      return "TSN reset " + tsn(reset.requestSequence());
    }
    if (parameter instanceof ReconfigParameter.AddStreams add) {
      return "add "
          + add.direction()
          + " "
          + tsn(add.requestSequence())
          + " streams "
          + add.newStreams();
    }
    var response = (ReconfigParameter.Response) parameter;
    return "response "
        + tsn(response.responseSequence())
        + " result "
        + response.result()
        + (response.senderNextTsn().isPresent()
            ? " next "
                + tsn(response.senderNextTsn().getAsInt())
                + " "
                + tsn(response.receiverNextTsn().orElse(0))
            : "");
  }

  private String tag(int tag) {
    return tag == 0 ? "tag 0" : tags.computeIfAbsent(tag, t -> "tag " + (char) ('a' + tags.size()));
  }

  private String opaque(Octets value) {
    return opaques.computeIfAbsent(
        value, v -> "#" + opaques.size() + " of " + value.length() + " bytes");
  }

  private static String hex(Octets value) {
    byte[] bytes = value.toByteArray();
    String shown = HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, SHOWN_BYTES));
    return bytes.length > SHOWN_BYTES ? shown + "… " + bytes.length + " bytes" : shown;
  }

  /** Also for the sequence numbers of requests, which begin at the initial TSN. */
  private String tsn(int value) {
    int nearest = -1;
    long distance = NEAR;
    for (int i = 0; i < initialTsns.size(); i++) {
      long other = Math.abs((long) value - initialTsns.get(i) << 32 >> 32);
      if (other < distance) {
        nearest = i;
        distance = other;
      }
    }
    if (nearest < 0) {
      return "tsn " + Integer.toHexString(value);
    }
    int initial = initialTsns.get(nearest);
    boolean wraps = value - initial > 0 && Integer.compareUnsigned(value, initial) < 0;
    return "tsn " + (char) ('A' + nearest) + (value - initial) + (wraps ? " wrapped" : "");
  }
}

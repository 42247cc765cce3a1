package dev.tautline.sctp.vectors;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.sctp.packet.AbortChunk;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.ChunkParser;
import dev.tautline.sctp.packet.ChunkType;
import dev.tautline.sctp.packet.ControlChunkHandler;
import dev.tautline.sctp.packet.CookieAckChunk;
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
import dev.tautline.sctp.packet.Order;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.PadChunk;
import dev.tautline.sctp.packet.Parameter;
import dev.tautline.sctp.packet.ReconfigChunk;
import dev.tautline.sctp.packet.ReconfigParameter;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.packet.ShutdownAckChunk;
import dev.tautline.sctp.packet.ShutdownChunk;
import dev.tautline.sctp.packet.ShutdownCompleteChunk;
import dev.tautline.sctp.packet.UnknownChunk;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/** Tells a packet's fields as our parser reads them, in the words of Wireshark's dissector. */
final class PacketFields implements ControlChunkHandler {
  private static final HexFormat COLONS = HexFormat.ofDelimiter(":");

  private final List<String> lines = new ArrayList<>();
  private final List<Chunk> chunks = new ArrayList<>();

  PacketFields(byte[] packet) throws WireFormatException {
    add("srcport", PacketHeader.sourcePort(packet, 0));
    add("dstport", PacketHeader.destinationPort(packet, 0));
    add("verification_tag", hex32(PacketHeader.verificationTag(packet, 0)));
    int position = PacketHeader.BYTES;
    while (position < packet.length) {
      int type = packet[position] & 0xff;
      int flags = packet[position + 1] & 0xff;
      int length = WireReader.u16At(packet, position + 2);
      var value = new WireReader(packet, position + 4, length - 4);
      add("chunk_type", type);
      add("chunk_flags", String.format(Locale.ROOT, "0x%02x", flags));
      switch (type) {
        case ChunkType.DATA -> data(DataChunk.parse(flags, value), length);
        case ChunkType.I_DATA -> iData(IDataChunk.parse(flags, value), length);
        case ChunkType.SACK -> sack(SackChunk.parse(value), length);
        default -> {
          var chunk = ChunkParser.parse(type, flags, value);
          if (type == ChunkType.ABORT || type == ChunkType.SHUTDOWN_COMPLETE) {
            add(type == ChunkType.ABORT ? "abort_t_bit" : "shutdown_complete_t_bit", flags & 1);
          }
          add("chunk_length", length);
          chunks.add(chunk);
          chunk.accept(this);
        }
      }
      position += Chunk.padded(length);
    }
  }

  /** "sctp.name value" for each field. */
  List<String> lines() {
    return lines;
  }

  /** The chunks. */
  List<Chunk> chunks() {
    return chunks;
  }

  private void add(String name, Object value) {
    lines.add("sctp." + name + " " + value);
  }

  private void unsigned(String name, int value) {
    add(name, Integer.toUnsignedString(value));
  }

  private static String hex32(int value) {
    return String.format(Locale.ROOT, "0x%08x", value);
  }

  private static String hex16(int value) {
    return String.format(Locale.ROOT, "0x%04x", value);
  }

  private static String colons(Octets octets) {
    return COLONS.formatHex(octets.toByteArray());
  }

  private void dataFlags(int flags, int length) {
    add("data_i_bit", flags >> 3 & 1);
    add("data_u_bit", flags >> 2 & 1);
    add("data_b_bit", flags >> 1 & 1);
    add("data_e_bit", flags & 1);
    add("chunk_length", length);
  }

  private void data(DataChunk chunk, int length) {
    chunks.add(chunk);
    dataFlags(chunk.flags(), length);
    unsigned("data_tsn_raw", chunk.tsn());
    add("data_sid", hex16(chunk.streamId()));
    add("data_ssn", chunk.ssn());
    unsigned("data_payload_proto_id", chunk.ppid());
  }

  private void iData(IDataChunk chunk, int length) {
    chunks.add(chunk);
    dataFlags(chunk.flags(), length);
    unsigned("data_tsn_raw", chunk.tsn());
    add("data_sid", hex16(chunk.streamId()));
    unsigned("data_mid", chunk.mid());
    boolean begins = (chunk.flags() & 2) != 0;
    unsigned(begins ? "data_payload_proto_id" : "data_fsn", chunk.ppidOrFsn());
  }

  private void sack(SackChunk chunk, int length) {
    chunks.add(chunk);
    add("chunk_length", length);
    unsigned("sack_cumulative_tsn_ack_raw", chunk.cumulativeTsnAck());
    add("sack_a_rwnd", chunk.aRwnd());
    add("sack_number_of_gap_blocks", chunk.gapAckBlocks().size());
    add("sack_number_of_duplicated_tsns", chunk.duplicateTsns().size());
    for (SackChunk.GapAckBlock block : chunk.gapAckBlocks()) {
      add("sack_gap_block_start", block.start());
      add("sack_gap_block_end", block.end());
    }
    chunk.duplicateTsns().forEach(tsn -> unsigned("sack_duplicate_tsn", tsn));
  }

  private void init(String prefix, InitBody body) {
    add(prefix + "_initiate_tag", hex32(body.initiateTag()));
    add(prefix + "_credit", body.aRwnd());
    add(prefix + "_nr_out_streams", body.outboundStreams());
    add(prefix + "_nr_in_streams", body.inboundStreams());
    unsigned(prefix + "_initial_tsn", body.initialTsn());
    body.parameters().forEach(this::initParameter);
  }

  private void parameterHeader(Parameter parameter) {
    add("parameter_type", hex16(parameter.type()));
    add("parameter_length", 4 + parameter.value().length());
  }

  private void initParameter(Parameter parameter) {
    parameterHeader(parameter);
    switch (parameter.type()) {
      case Parameter.STATE_COOKIE -> add("parameter_state_cookie", colons(parameter.value()));
      case Parameter.SUPPORTED_EXTENSIONS -> {
        for (byte type : parameter.value().toByteArray()) {
          add("supported_chunk_type", type & 0xff);
        }
      }
      case Parameter.ZERO_CHECKSUM_ACCEPTABLE -> add("parameter_value", colons(parameter.value()));
      default -> {
        // Read by nobody here; Wireshark's words for its content are left out of the comparison.
      }
    }
  }

  @Override
  public void init(InitChunk chunk) {
    init("init", chunk.body());
  }

  @Override
  public void initAck(InitAckChunk chunk) {
    init("initack", chunk.body());
  }

  private void heartbeatInfo(Octets info) {
    WireReader reader = info.reader();
    try {
      add("parameter_type", hex16(reader.u16()));
      add("parameter_length", reader.u16());
      add("parameter_heartbeat_information", colons(Octets.remainderOf(reader)));
    } catch (WireFormatException e) {
      throw new IllegalStateException("heartbeat information without a header", e);
    }
  }

  @Override
  public void heartbeat(HeartbeatChunk chunk) {
    heartbeatInfo(chunk.info());
  }

  @Override
  public void heartbeatAck(HeartbeatAckChunk chunk) {
    heartbeatInfo(chunk.info());
  }

  private void causes(List<ErrorCause> causes) {
    for (ErrorCause cause : causes) {
      add("cause_code", hex16(cause.code()));
      add("cause_length", 4 + cause.info().length());
      if (cause.info().length() > 0) {
        add("cause_information", colons(cause.info()));
      }
    }
  }

  @Override
  public void abort(AbortChunk chunk) {
    causes(chunk.causes());
  }

  @Override
  public void error(ErrorChunk chunk) {
    causes(chunk.causes());
  }

  @Override
  public void shutdown(ShutdownChunk chunk) {
    unsigned("shutdown_cumulative_tsn_ack", chunk.cumulativeTsnAck());
  }

  @Override
  public void shutdownAck(ShutdownAckChunk chunk) {
    // No more than its header.
  }

  @Override
  public void shutdownComplete(ShutdownCompleteChunk chunk) {
    // No more than its header.
  }

  @Override
  public void cookieEcho(CookieEchoChunk chunk) {
    add("cookie", colons(chunk.cookie()));
  }

  @Override
  public void cookieAck(CookieAckChunk chunk) {
    // No more than its header.
  }

  @Override
  public void reconfig(ReconfigChunk chunk) {
    for (ReconfigParameter parameter : chunk.parameters()) {
      parameterHeader(parameter.toParameter());
      if (parameter instanceof ReconfigParameter.OutgoingReset reset) {
        unsigned("parameter_reconfig_request_sequence_number", reset.requestSequence());
        unsigned("parameter_reconfig_response_sequence_number", reset.responseSequence());
        unsigned("parameter_senders_last_assigned_tsn", reset.lastTsn());
        reset.streamIds().forEach(id -> add("parameter_reconfig_sid", id));
      } else if (parameter instanceof ReconfigParameter.Response response) {
        unsigned("parameter_reconfig_response_sequence_number", response.responseSequence());
        unsigned("parameter_reconfig_response_result", response.result());
      } else {
        throw new IllegalStateException("not seen in captures so far: " + parameter);
      }
    }
  }

  @Override
  public void pad(PadChunk chunk) {
    // No more than its header.
  }

  @Override
  public void forwardTsn(ForwardTsnChunk chunk) {
    unsigned("forward_tsn_tsn", chunk.newCumulativeTsn());
    for (ForwardTsnChunk.SkippedStream skipped : chunk.skippedStreams()) {
      add("forward_tsn_sid", skipped.streamId());
      add("forward_tsn_ssn", skipped.ssn());
    }
  }

  @Override
  public void iForwardTsn(IForwardTsnChunk chunk) {
    unsigned("i_forward_tsn_tsn", chunk.newCumulativeTsn());
    for (IForwardTsnChunk.SkippedStream skipped : chunk.skippedStreams()) {
      int flags = skipped.order() == Order.UNORDERED ? 1 : 0;
      add("i_forward_tsn_sid", skipped.streamId());
      add("i_forward_tsn_flags", hex16(flags));
      add("i_forward_tsn_u_bit", flags);
      unsigned("forward_tsn_mid", skipped.mid());
    }
  }

  @Override
  public void unknown(UnknownChunk chunk) {
    throw new IllegalStateException("unknown: " + chunk);
  }
}

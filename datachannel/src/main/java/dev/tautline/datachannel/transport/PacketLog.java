package dev.tautline.datachannel.transport;

import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SCTP packets in plain text at TRACE, for people who look for a fault: one line a packet, in the
 * form that Wireshark reads ({@code text2pcap -n -l 248 -D -t %H:%M:%S. log out.pcapng}) and that
 * libwebrtc and usrsctp print, too. It holds what applications send: nothing turns it on but the
 * logger's own level.
 *
 * <p>Thread rule: any thread.
 */
final class PacketLog {
  private static final Logger LOG = LoggerFactory.getLogger("dev.tautline.sctp.packets");
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS", Locale.ROOT);
  private static final HexFormat HEX = HexFormat.ofDelimiter(" ");
  private static final long DAY_NANOS = 86_400_000_000_000L;

  private PacketLog() {}

  /** A packet of ours. */
  static void sent(String id, long nowNanos, byte[] packet, int offset, int length) {
    if (LOG.isTraceEnabled()) {
      print("O", id, nowNanos, packet, offset, length);
    }
  }

  /** A packet of the peer's. */
  static void received(String id, long nowNanos, byte[] packet, int offset, int length) {
    if (LOG.isTraceEnabled()) {
      print("I", id, nowNanos, packet, offset, length);
    }
  }

  private static void print(
      String direction, String id, long nowNanos, byte[] packet, int offset, int length) {
    LOG.trace(
        "{} {} 0000 {} # SCTP_PACKET {}",
        direction,
        TIME.format(LocalTime.ofNanoOfDay(Math.floorMod(nowNanos, DAY_NANOS))),
        HEX.formatHex(packet, offset, offset + length),
        id);
  }
}

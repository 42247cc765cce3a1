package dev.tautline.sctp.vectors;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * A packet of a real association, with what Wireshark's dissector says of it. The files are made by
 * {@code SctpCaptures} of the module interop and tell which stacks and versions spoke.
 *
 * @param name where it is from
 * @param sender who sent it
 * @param bytes the packet, without DTLS
 * @param fields "name value" of each field that stands in the packet, in its order
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record CapturedPacket(String name, Sender sender, byte[] bytes, List<String> fields) {
  /** Who sent a packet. */
  enum Sender {
    OURS,
    THEIRS
  }

  private static final List<String> FILES =
      List.of("chromium", "firefox", "firefox-interleaving", "node-datachannel");

  /** All there are. */
  static List<CapturedPacket> all() {
    var packets = new ArrayList<CapturedPacket>();
    FILES.forEach(file -> read(file, packets));
    return packets;
  }

  private static void read(String file, List<CapturedPacket> into) {
    InputStream in = CapturedPacket.class.getResourceAsStream("/captures/" + file + ".txt");
    if (in == null) {
      throw new IllegalStateException("no /captures/" + file + ".txt");
    }
    try (var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
      List<String> fields = List.of();
      Sender sender = Sender.OURS;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("packet ")) {
          sender = Sender.valueOf(line.substring("packet ".length()).toUpperCase(Locale.ROOT));
        } else if (line.startsWith("hex ")) {
          fields = new ArrayList<>();
          byte[] bytes = HexFormat.of().parseHex(line.substring("hex ".length()));
          String name =
              file + " " + (into.size() + 1) + ", " + sender.name().toLowerCase(Locale.ROOT);
          into.add(new CapturedPacket(name, sender, bytes, fields));
        } else if (line.startsWith("sctp.")) {
          fields.add(line);
        } else if (!line.isEmpty() && !line.startsWith("#")) {
          throw new IllegalStateException(file + ": " + line);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The values of a field, in the packet's order. */
  List<String> values(String field) {
    return fields.stream()
        .filter(line -> line.startsWith(field + " "))
        .map(line -> line.substring(field.length() + 1))
        .toList();
  }

  @Override
  public String toString() {
    return name + ", chunks " + values("sctp.chunk_type");
  }
}

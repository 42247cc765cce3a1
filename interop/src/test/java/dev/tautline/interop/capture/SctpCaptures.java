package dev.tautline.interop.capture;

import static org.awaitility.Awaitility.await;

import dev.tautline.datachannel.Below;
import dev.tautline.datachannel.DataChannelMessage;
import dev.tautline.datachannel.DataChannelOptions;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.Tautline;
import dev.tautline.interop.ChildProcess;
import dev.tautline.interop.Require;
import dev.tautline.interop.browser.Browser;
import dev.tautline.interop.browser.Browser.LocalAddresses;
import dev.tautline.interop.browser.Chromium;
import dev.tautline.interop.browser.Firefox;
import dev.tautline.interop.capture.PacketTap.Direction;
import dev.tautline.interop.capture.PacketTap.Packet;
import dev.tautline.interop.peer.ForeignPeer;
import dev.tautline.interop.peer.Links;
import dev.tautline.interop.peer.OurChannel;
import dev.tautline.interop.peer.OurPeer;
import dev.tautline.interop.peer.OurPeer.Candidates;
import dev.tautline.interop.peer.OurPeer.Offerer;
import dev.tautline.interop.peer.ProcessPeers;
import dev.tautline.interop.peer.ProcessPeers.Stack;
import dev.tautline.testkit.UdpLink;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/**
 * Makes the golden vectors of SCTP: sessions with Chromium, Firefox and node-datachannel in which
 * each kind of chunk occurs, a few packets for each kind from each side, and what Wireshark's
 * dissector says of them. Run by hand when a stack has changed; the result is checked in.
 *
 * <p>Arguments: the folder for the results, then one or more of chromium, firefox,
 * node-datachannel.
 */
public final class SctpCaptures {
  private static final int HEARTBEAT = 4;
  private static final int HEARTBEAT_ACK = 5;
  private static final int LARGEST_KEPT = 700;
  private static final int LINKTYPE_SCTP = 248;
  private static final Duration LONG = Duration.ofSeconds(70);

  private SctpCaptures() {}

  /** See the class. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Files.createDirectories(Path.of(arguments[0]));
    for (String name : List.of(arguments).subList(1, arguments.length)) {
      switch (name) {
        case "chromium" -> capture(folder, name, Chromium.start(LocalAddresses.PLAIN));
        case "firefox" -> capture(folder, name, Firefox.start(LocalAddresses.PLAIN));
        default -> capture(folder, name, () -> ProcessPeers.start(Stack.NODE_DATACHANNEL));
      }
    }
    System.exit(0);
  }

  private static void capture(Path folder, String name, Browser browser) throws Exception {
    try (browser) {
      capture(folder, name, browser::openPeer);
    }
  }

  private static void capture(Path folder, String name, Supplier<ForeignPeer> peers)
      throws Exception {
    List<Packet> packets;
    String version;
    try (var tap = new PacketTap();
        Tautline runtime = Tautline.create()) {
      try (ForeignPeer foreign = peers.get()) {
        version = foreign.call("version").get("text").asText();
        everyKindOfChunk(runtime, foreign, tap);
      }
      try (ForeignPeer foreign = peers.get();
          OurPeer ours = new OurPeer(runtime, PeerConnectionOptions.defaults())) {
        // The other side offers, and we are the one that ends it.
        foreign.channel("talk", Map.of());
        ours.connect(foreign, Offerer.FOREIGN, Candidates.TRICKLED);
        ours.awaitChannel().awaitOpen();
        foreign.await("open", "talk");
        ours.connection().close();
        foreign.await("close", "talk");
      }
      try (ForeignPeer foreign = peers.get();
          OurPeer ours = new OurPeer(runtime, PeerConnectionOptions.defaults())) {
        // SHUTDOWN, which no stack but libdatachannel begins with, is answered by all.
        OurChannel talk = ours.channel("talk");
        ours.connect(foreign, Offerer.OURS, Candidates.TRICKLED);
        talk.awaitOpen();
        foreign.await("open", "talk");
        Below.shutDown(ours.connection());
        talk.awaitClosed();
      }
      packets = tap.packets();
    }
    List<Packet> chosen = choose(packets);
    Path pcap = folder.resolve(name + ".pcap");
    Files.write(pcap, pcap(chosen));
    List<List<String>> fields = dissect(pcap);
    Files.delete(pcap);
    var lines = new ArrayList<String>();
    lines.add("# SCTP packets between Tautline and " + name + ", without DTLS.");
    lines.add("# The other stack: " + version);
    lines.add("# Made by SctpCaptures of the module interop; the fields are TShark's.");
    for (int i = 0; i < chosen.size(); i++) {
      lines.add("");
      lines.add("packet " + (chosen.get(i).direction() == Direction.OURS ? "ours" : "theirs"));
      lines.add("hex " + HexFormat.of().formatHex(chosen.get(i).bytes()));
      lines.addAll(fields.get(i));
    }
    Files.writeString(folder.resolve(name + ".txt"), String.join("\n", lines) + "\n");
    System.out.println(name + ": " + chosen.size() + " of " + packets.size() + " packets");
  }

  private static void everyKindOfChunk(Tautline runtime, ForeignPeer foreign, PacketTap tap)
      throws IOException {
    try (UdpLink link = Links.start(11)) {
      link.oneWayDelay(Duration.ofMillis(10));
      try (OurPeer ours =
          Links.lead(new OurPeer(runtime, PeerConnectionOptions.defaults()), link)) {
        OurChannel talk = ours.channel("talk");
        ours.connect(foreign, Offerer.OURS, Candidates.TRICKLED);
        talk.awaitOpen();
        foreign.await("open", "talk");
        talk.channel().send("from us");
        foreign.awaitText("talk");
        foreign.send("talk", "from them");
        talk.awaitText();
        foreign.send("talk", new byte[3_000]);
        talk.awaitBytes();

        // Ordered, so that FORWARD-TSN lists the stream; of two packets, so that gaps are seen.
        var once = DataChannelOptions.builder().maxRetransmits(0).build();
        OurChannel mine = ours.channel("mine", once).awaitOpen();
        foreign.await("open", "mine");
        foreign.channel("theirs", Map.of("maxRetransmits", 0));
        OurChannel theirs = ours.awaitChannel().awaitOpen();
        foreign.await("open", "theirs");
        link.loss(0.25);
        for (int i = 0; i < 40; i++) {
          mine.channel().send(new byte[1_500]);
          foreign.send("theirs", new byte[1_500]);
        }
        link.loss(0);
        mine.channel().send("end");
        foreign.await("message", LONG, line -> "end".equals(line.path("text").asText()));
        foreign.send("theirs", "end");
        DataChannelMessage last;
        do {
          last = theirs.await(LONG.toSeconds());
        } while (last instanceof DataChannelMessage.Binary);
        mine.channel().close();
        foreign.await("close", "mine");
        foreign.call("closeChannel", Map.of("label", "theirs"));
        theirs.awaitClosed();

        // Nothing is sent now, so both ask whether the other lives.
        await()
            .atMost(LONG)
            .until(
                () ->
                    List.of(Direction.OURS, Direction.THEIRS).stream()
                        .allMatch(
                            from -> has(tap, from, HEARTBEAT) && has(tap, from, HEARTBEAT_ACK)));
        foreign.call("close");
        talk.awaitClosed();
      }
    }
  }

  private static boolean has(PacketTap tap, Direction from, int type) {
    return tap.packets().stream()
        .anyMatch(packet -> packet.direction() == from && packet.chunkTypes().contains(type));
  }

  /** For each kind of chunk of each side the first packet and the longest that is not too long. */
  private static List<Packet> choose(List<Packet> packets) {
    Set<Packet> chosen = new LinkedHashSet<>();
    for (Direction direction : Direction.values()) {
      for (int type = 0; type < 256; type++) {
        int wanted = type;
        List<Packet> all =
            packets.stream()
                .filter(p -> p.direction() == direction && p.chunkTypes().contains(wanted))
                .filter(p -> p.bytes().length <= LARGEST_KEPT)
                .toList();
        all.stream().findFirst().ifPresent(chosen::add);
        all.stream().max(Comparator.comparing(p -> p.bytes().length)).ifPresent(chosen::add);
      }
    }
    return List.copyOf(chosen);
  }

  /** A capture file of SCTP packets without anything around them. */
  private static byte[] pcap(List<Packet> packets) throws IOException {
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.writeInt(0xa1b2c3d4);
    out.writeInt(0x0002_0004);
    out.writeLong(0);
    out.writeInt(65_535);
    out.writeInt(LINKTYPE_SCTP);
    for (Packet packet : packets) {
      out.writeLong(0);
      out.writeInt(packet.bytes().length);
      out.writeInt(packet.bytes().length);
      out.write(packet.bytes());
    }
    return bytes.toByteArray();
  }

  /** The fields of each packet that stand in its bytes, as "name value". */
  private static List<List<String>> dissect(Path pcap) throws Exception {
    Path tshark = Require.program("tshark", "tshark");
    Path pdml = pcap.resolveSibling(pcap.getFileName() + ".pdml");
    String command = tshark + " -n -o sctp.checksum:CRC32c -r " + pcap + " -T pdml > " + pdml;
    ChildProcess.run("tshark", pcap.toAbsolutePath().getParent(), List.of("sh", "-c", command), 60);
    var document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(pdml.toFile());
    Files.delete(pdml);
    var packets = new ArrayList<List<String>>();
    var nodes = document.getElementsByTagName("packet");
    for (int i = 0; i < nodes.getLength(); i++) {
      var lines = new ArrayList<String>();
      for (Element proto : children((Element) nodes.item(i))) {
        if (proto.getAttribute("name").equals("sctp")) {
          collect(proto, lines);
        }
      }
      packets.add(lines);
    }
    return packets;
  }

  private static void collect(Element element, List<String> lines) {
    for (Element field : children(element)) {
      String name = field.getAttribute("name");
      boolean inBytes = !field.getAttribute("size").equals("0");
      if (name.startsWith("sctp.") && inBytes && !field.getAttribute("hide").equals("yes")) {
        lines.add(name + " " + ascii(field.getAttribute("show")));
      }
      collect(field, lines);
    }
  }

  private static String ascii(String text) {
    return StandardCharsets.US_ASCII.newEncoder().canEncode(text)
        ? text
        : HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
  }

  private static List<Element> children(Element element) {
    var elements = new ArrayList<Element>();
    for (Node node = element.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element child) {
        elements.add(child);
      }
    }
    return elements;
  }
}

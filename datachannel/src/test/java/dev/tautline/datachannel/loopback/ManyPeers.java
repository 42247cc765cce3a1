package dev.tautline.datachannel.loopback;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelMessage;
import dev.tautline.datachannel.IceServer;
import dev.tautline.datachannel.IpFamilies;
import dev.tautline.datachannel.Loopback;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.SessionDescription;
import dev.tautline.datachannel.Tautline;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The second process of {@link LossyOpensIT} and {@link KilledPeersIT}: answers any number of
 * offers, by lines on standard input and output.
 *
 * <pre>{@code
 * <- offer ID 0 SDP       -> answer ID SDP    with all candidates
 * <- offer ID PORT SDP    -> answer ID SDP    at once, while a STUN server at PORT is asked
 *                         -> open ID          the offerer's channel is open here
 * <- bulk ID              -> bulk ID          sends without end; a MiB went out or came in
 * <- state ID             -> state ID GATHERING ICE CONNECTION
 * <- close ID             -> closed ID
 * }</pre>
 */
public final class ManyPeers {
  private static final int MESSAGE_BYTES = 16 << 10;

  /** Many of them, each with much to send, in a small heap. */
  private static final long SEND_BUFFER_BYTES = 256 << 10;

  private static final long MUCH = 1 << 20;

  private final Tautline tautline;
  private final Map<String, Answerer> peers = new ConcurrentHashMap<>();

  private ManyPeers(Tautline tautline) {
    this.tautline = tautline;
  }

  /** Serves until standard input ends. */
  public static void main(String[] args) throws IOException {
    try (Tautline tautline = Tautline.builder().loops(1).build()) {
      var many = new ManyPeers(tautline);
      say("ready - " + ProcessHandle.current().pid());
      var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        many.command(line.split(" ", -1));
      }
    }
  }

  static PeerConnectionOptions.Builder options() {
    return PeerConnectionOptions.builder()
        .loopback(Loopback.ONLY)
        .ipFamilies(IpFamilies.IPV4)
        .channelSendBufferBytes(SEND_BUFFER_BYTES);
  }

  private void command(String[] words) {
    String id = words[1];
    switch (words[0]) {
      case "offer" -> {
        var peer = new Answerer(id, Integer.parseInt(words[2]));
        peers.put(id, peer);
        peer.answer(OtherPeer.decode(words[3]));
      }
      case "bulk" -> peers.get(id).bulk();
      case "state" -> say("state " + id + ' ' + peers.get(id));
      case "close" ->
          peers.remove(id).connection.closeAsync().thenRun(() -> say("closed " + id + " -"));
      default -> throw new IllegalArgumentException("unknown command " + words[0]);
    }
  }

  private static synchronized void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  private final class Answerer {
    private final String id;
    private final int stunPort;
    private final PeerConnection connection;
    private final CompletableFuture<DataChannel> channel = new CompletableFuture<>();
    private long sent;
    private long received;

    Answerer(String id, int stunPort) {
      this.id = id;
      this.stunPort = stunPort;
      PeerConnectionOptions.Builder options = options();
      if (stunPort > 0) {
        options.iceServers(List.of(IceServer.of("stun:127.0.0.1:" + stunPort)));
      }
      connection = tautline.createPeerConnection(options.build());
      connection.onDataChannel(
          opened -> {
            opened.onMessage(this::received);
            channel.complete(opened);
            opened.opened().thenRun(() -> say("open " + id + " -"));
          });
    }

    void answer(String offer) {
      connection
          .setRemoteDescription(SessionDescription.offer(offer))
          .thenCompose(v -> connection.setLocalDescription())
          .thenCompose(
              v ->
                  stunPort > 0
                      ? CompletableFuture.<Void>completedFuture(null)
                      : connection.gatheringComplete())
          .whenComplete(
              (v, failure) ->
                  say(
                      failure == null
                          ? "answer "
                              + id
                              + ' '
                              + OtherPeer.encode(connection.localDescription().orElseThrow())
                          : "error " + id + ' ' + failure));
    }

    void bulk() {
      channel.thenAccept(this::sendMore);
    }

    private void sendMore(DataChannel opened) {
      opened
          .sendAsync(new byte[MESSAGE_BYTES])
          .thenRunAsync(
              () -> {
                sent += MESSAGE_BYTES;
                if (sent == MUCH) {
                  say("bulk " + id + " -");
                }
                sendMore(opened);
              });
    }

    private void received(DataChannelMessage message) {
      long before = received;
      received += ((DataChannelMessage.Binary) message).data().length;
      if (before < MUCH && received >= MUCH) {
        say("bulk " + id + " -");
      }
    }

    @Override
    public String toString() {
      return connection.iceGatheringState().name()
          + " "
          + connection.iceConnectionState().name()
          + " "
          + connection.connectionState().name();
    }
  }
}

package dev.tautline.datachannel.loopback;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.SessionDescription;
import dev.tautline.datachannel.Tautline;
import dev.tautline.testkit.UdpLink;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A connection of this process, which offers, to one of another process, over a link between: each
 * side is told the link's port instead of the other's. Our end is the link's first.
 */
final class LinkedConnection implements AutoCloseable {
  private static final Pattern CANDIDATE =
      Pattern.compile("(a=candidate:\\S+ 1 \\S+ \\d+) (\\S+) (\\d+) ");
  private static final long LIMIT_SECONDS = 60;

  final String id;
  final OtherProcess other;
  final UdpLink link;
  final PeerConnection ours;
  final DataChannel channel;

  /** The link is not started yet. */
  LinkedConnection(
      Tautline runtime,
      PeerConnectionOptions options,
      OtherProcess other,
      String id,
      UdpLink link,
      String label)
      throws IOException {
    this.id = id;
    this.other = other;
    this.link = link.start();
    this.ours = runtime.createPeerConnection(options);
    this.channel = ours.createDataChannel(label);
  }

  /** Where our own socket is, told by our description. */
  InetSocketAddress ourAddress() {
    return address(sdp());
  }

  /** Makes the offer and gathers. */
  void offer() {
    get(ours.setLocalDescription());
    get(ours.gatheringComplete());
    link.first(ourAddress());
  }

  /** Carries the offer over and the answer back. */
  void exchange() {
    other.say("offer", id, "0", encode(through(sdp(), link.addressOfFirst())));
    String answer = OtherPeer.decode(other.await("answer", id));
    link.second(address(answer));
    get(
        ours.setRemoteDescription(
            SessionDescription.answer(through(answer, link.addressOfSecond()))));
  }

  /** The descriptions alone: neither side hears of a candidate while the other gathers. */
  void exchangeWithoutCandidates(int silentStunPort) {
    other.say("offer", id, Integer.toString(silentStunPort), encode(bare(sdp())));
    String answer = OtherPeer.decode(other.await("answer", id));
    get(ours.setRemoteDescription(SessionDescription.answer(bare(answer))));
  }

  /** Both ends of the channel are open. */
  CompletableFuture<Void> opened() {
    return CompletableFuture.allOf(channel.opened(), other.told("open", id));
  }

  private String sdp() {
    return ours.localDescription().orElseThrow().sdp();
  }

  private static String encode(String sdp) {
    return Base64.getEncoder().encodeToString(sdp.getBytes(StandardCharsets.UTF_8));
  }

  private static InetSocketAddress address(String sdp) {
    Matcher candidate = CANDIDATE.matcher(sdp);
    if (!candidate.find()) {
      throw new IllegalStateException("no candidate in\n" + sdp);
    }
    return new InetSocketAddress(candidate.group(2), Integer.parseInt(candidate.group(3)));
  }

  private static String through(String sdp, InetSocketAddress link) {
    String at = link.getAddress().getHostAddress() + ' ' + link.getPort();
    return CANDIDATE.matcher(sdp).replaceAll("$1 " + at + ' ');
  }

  private static String bare(String sdp) {
    return sdp.replaceAll("(?m)^a=(candidate:.*|end-of-candidates)\\r?\\n", "");
  }

  static <T> T get(CompletableFuture<T> future) {
    return future.copy().orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
  }

  /** Closes our end and the link. */
  @Override
  public void close() {
    ours.close();
    link.close();
  }
}

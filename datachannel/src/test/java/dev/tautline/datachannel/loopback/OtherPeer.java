package dev.tautline.datachannel.loopback;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelMessage;
import dev.tautline.datachannel.DataChannelOptions;
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
import java.util.Base64;

/**
 * The second process of {@link LoopbackIT}: connects by lines on standard input and output, sends
 * back each message, and does what the channel "control" asks for.
 */
public final class OtherPeer {
  private OtherPeer() {}

  /**
   * Connects and stays until its standard input ends.
   *
   * @param args transport, IP family and "offer" or "answer"
   */
  public static void main(String[] args) throws IOException {
    Tautline.Transport transport = Tautline.Transport.valueOf(args[0]);
    IpFamilies family = IpFamilies.valueOf(args[1]);
    say("pid " + ProcessHandle.current().pid());
    try (Tautline tautline = Tautline.builder().transport(transport).build()) {
      PeerConnection connection = tautline.createPeerConnection(options(family));
      connection.onDataChannel(channel -> serve(connection, channel));
      serve(
          connection,
          connection.createDataChannel(
              "negotiated", DataChannelOptions.builder().negotiated(1000).build()));
      var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      if (args[2].equals("offer")) {
        connection.setLocalDescription().join();
        connection.gatheringComplete().join();
        say("offer " + encode(connection.localDescription().orElseThrow()));
        String answer = decode(in.readLine());
        connection.setRemoteDescription(SessionDescription.answer(answer)).join();
      } else {
        connection.setRemoteDescription(SessionDescription.offer(decode(in.readLine()))).join();
        connection.setLocalDescription().join();
        connection.gatheringComplete().join();
        say("answer " + encode(connection.localDescription().orElseThrow()));
      }
      connection.connected().join();
      say(
          "via "
              + tautline.transportName()
              + ' '
              + connection.selectedCandidatePair().orElseThrow());
      while (in.readLine() != null) {
        // Stays until the test closes the pipe.
      }
    }
    say("bye");
  }

  static PeerConnectionOptions options(IpFamilies family) {
    return PeerConnectionOptions.builder().loopback(Loopback.ONLY).ipFamilies(family).build();
  }

  static String encode(SessionDescription description) {
    return Base64.getEncoder().encodeToString(description.sdp().getBytes(StandardCharsets.UTF_8));
  }

  static String decode(String line) {
    return new String(Base64.getDecoder().decode(line), StandardCharsets.UTF_8);
  }

  private static void serve(PeerConnection connection, DataChannel channel) {
    channel.onMessage(
        message -> {
          if (message instanceof DataChannelMessage.Binary binary) {
            // Waits where the test does not read as fast as it writes.
            channel.sendAsync(binary.data());
          } else if (message.toString().equals("close the channel")) {
            channel.close();
          } else if (message.toString().equals("close the connection")) {
            connection.closeAsync();
          } else {
            channel.sendAsync(message.toString());
          }
        });
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }
}

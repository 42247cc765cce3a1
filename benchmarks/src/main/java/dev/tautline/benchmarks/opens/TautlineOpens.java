package dev.tautline.benchmarks.opens;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.IceCandidateInit;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.SessionDescription;
import dev.tautline.datachannel.Tautline;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tautline as one process of the comparison; speaks {@link OpenProtocol}. */
public final class TautlineOpens {
  private final Tautline tautline;
  private final List<String> early = new ArrayList<>();
  private @Nullable PeerConnection connection;

  private TautlineOpens(Tautline tautline) {
    this.tautline = tautline;
  }

  /** Serves until standard input ends; see {@link OpenProtocol} for the argument and the lines. */
  public static void main(String[] args) throws IOException {
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (Tautline tautline = Tautline.create()) {
      var contestant = new TautlineOpens(tautline);
      if (args[0].equals(OpenProtocol.ANSWERER)) {
        contestant.connection = contestant.connect();
      }
      say(OpenProtocol.READY);
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] words = line.split(" ", 2);
        contestant.command(words[0], words.length > 1 ? decode(words[1]) : "", args[0]);
      }
    }
  }

  private PeerConnection connect() {
    PeerConnection made =
        tautline.createPeerConnection(
            PeerConnectionOptions.builder().includeLoopback(true).build());
    made.onIceCandidate(
        candidate ->
            candidate.ifPresent(
                told -> say(OpenProtocol.CANDIDATE, told.sdpMid() + " " + told.candidate())));
    return made;
  }

  private void command(String word, String text, String role) {
    if (word.equals(OpenProtocol.GO)) {
      offer();
      return;
    }
    PeerConnection current = connection;
    if (current == null) {
      // A late line of the connection before.
      return;
    }
    switch (word) {
      case OpenProtocol.OFFER -> {
        described(current, SessionDescription.offer(text));
        current.setLocalDescription().join();
        say(OpenProtocol.ANSWER, current.localDescription().orElseThrow().sdp());
      }
      case OpenProtocol.ANSWER -> described(current, SessionDescription.answer(text));
      case OpenProtocol.CANDIDATE -> {
        // It may overtake the description, as another thread tells it.
        if (current.remoteDescription().isEmpty()) {
          early.add(text);
        } else {
          candidate(current, text);
        }
      }
      case OpenProtocol.END -> {
        current.close();
        early.clear();
        connection = role.equals(OpenProtocol.ANSWERER) ? connect() : null;
        say(OpenProtocol.ENDED);
      }
      default -> throw new IllegalArgumentException("unknown command " + word);
    }
  }

  private void described(PeerConnection current, SessionDescription description) {
    current.setRemoteDescription(description).join();
    early.forEach(text -> candidate(current, text));
    early.clear();
  }

  private static void candidate(PeerConnection current, String text) {
    String[] parts = text.split(" ", 2);
    current.addIceCandidate(new IceCandidateInit(parts[1], parts[0], 0, null)).join();
  }

  private void offer() {
    PeerConnection current = connect();
    connection = current;
    DataChannel channel = current.createDataChannel("open");
    long start = System.nanoTime();
    channel
        .opened()
        .whenComplete(
            (v, failure) ->
                say(
                    failure == null
                        ? OpenProtocol.OPEN + ' ' + (System.nanoTime() - start) / 1000
                        : OpenProtocol.FAILED + ' ' + failure));
    SessionDescription offer = current.createOffer().join();
    current.setLocalDescription(offer).join();
    say(OpenProtocol.OFFER, offer.sdp());
  }

  private static void say(String word, String text) {
    say(word + ' ' + Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static synchronized void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  private static String decode(String text) {
    return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
  }
}

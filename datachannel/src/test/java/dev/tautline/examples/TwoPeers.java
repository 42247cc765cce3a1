package dev.tautline.examples;

import dev.tautline.datachannel.*;

public class TwoPeers {
  public static void main(String[] args) {
    var options = PeerConnectionOptions.builder().includeLoopback(true).build();
    try (Tautline tautline = Tautline.create()) {
      PeerConnection a = tautline.createPeerConnection(options);
      PeerConnection b = tautline.createPeerConnection(options);
      b.onDataChannel(c -> c.onMessage(message -> c.send("you said " + message)));
      DataChannel chat = a.createDataChannel("chat");
      var reply = new java.util.concurrent.CompletableFuture<DataChannelMessage>();
      chat.onMessage(reply::complete).onOpen(() -> chat.send("hello"));
      a.setLocalDescription().join(); // the offer
      a.gatheringComplete().join();
      b.setRemoteDescription(a.localDescription().orElseThrow()).join();
      b.setLocalDescription().join(); // the answer
      b.gatheringComplete().join();
      a.setRemoteDescription(b.localDescription().orElseThrow()).join();
      System.out.println(reply.orTimeout(30, java.util.concurrent.TimeUnit.SECONDS).join());
    }
  }
}

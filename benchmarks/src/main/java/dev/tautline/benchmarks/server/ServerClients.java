package dev.tautline.benchmarks.server;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelMessage;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.SessionDescription;
import dev.tautline.datachannel.Tautline;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The clients of {@link ServerMode}, a process of their own. It offers a connection whenever it is
 * told to, sends when it is told to and says in the end what it got.
 */
public final class ServerClients {
  private final Tautline tautline = Tautline.create();
  private final PeerConnectionOptions options =
      PeerConnectionOptions.builder().includeLoopback(true).build();
  private final List<Client> clients = new ArrayList<>();
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicLong received = new AtomicLong();
  private final AtomicLong outOfOrder = new AtomicLong();
  private final DataInputStream in;
  private final DataOutputStream out;

  private ServerClients(Socket control) throws IOException {
    in = new DataInputStream(control.getInputStream());
    out = new DataOutputStream(control.getOutputStream());
  }

  /** The argument is the port of the server's control connection. */
  public static void main(String[] args) throws Exception {
    try (var control = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0]))) {
      new ServerClients(control).run();
    }
  }

  private void run() throws Exception {
    ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    try (tautline) {
      for (String command = in.readUTF(); !command.equals("end"); command = in.readUTF()) {
        switch (command) {
          case "offer" -> offer();
          case "answer" -> {
            Client client = clients.get(in.readInt());
            client.connection.setRemoteDescription(SessionDescription.answer(in.readUTF())).get();
          }
          case "open" -> reply(open.get());
          case "send" -> spread(clock, in.readInt(), in.readInt());
          case "received" -> reply(received.get());
          case "disorder" -> reply(outOfOrder.get());
          default -> throw new IllegalArgumentException(command);
        }
      }
    } finally {
      clock.shutdownNow();
    }
  }

  private void reply(long value) throws IOException {
    out.writeLong(value);
    out.flush();
  }

  private void offer() throws Exception {
    var client = new Client();
    clients.add(client);
    client.connection.setLocalDescription().get();
    client.connection.gatheringComplete().get();
    out.writeUTF(client.connection.localDescription().orElseThrow().sdp());
    out.flush();
  }

  /** Each connection sends once a second, all of them spread over the second. */
  private void spread(ScheduledExecutorService clock, int first, int seconds) {
    List<Client> talking = clients.subList(first, clients.size());
    long gap = 1_000_000_000L / talking.size();
    for (int second = 0; second < seconds; second++) {
      for (int i = 0; i < talking.size(); i++) {
        clock.schedule(
            talking.get(i)::send, second * 1_000_000_000L + i * gap, TimeUnit.NANOSECONDS);
      }
    }
  }

  private final class Client {
    final PeerConnection connection = tautline.createPeerConnection(options);
    final DataChannel channel = connection.createDataChannel("server mode");
    private long nextOut;
    private long nextIn;

    Client() {
      channel.onOpen(open::incrementAndGet);
      channel.onMessage(
          message -> {
            received.incrementAndGet();
            long number = Long.parseLong(((DataChannelMessage.Text) message).text());
            if (number != nextIn++) {
              outOfOrder.incrementAndGet();
            }
          });
    }

    void send() {
      channel.send(Long.toString(nextOut++));
    }
  }
}

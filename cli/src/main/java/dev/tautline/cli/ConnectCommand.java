package dev.tautline.cli;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelException;
import dev.tautline.datachannel.DataChannelMessage;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.SdpType;
import dev.tautline.datachannel.SessionDescription;
import dev.tautline.datachannel.Tautline;
import dev.tautline.signalling.client.Room;
import dev.tautline.signalling.client.RoomOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Connects to another peer and exchanges lines of text: through a room, or by copy and paste of an
 * offer and an answer, one line each, without a server.
 */
@Command(
    name = "connect",
    description = {
      "Connect to another peer and exchange lines of text.",
      "Through a room: both run 'tautline connect --server URI --room NAME'.",
      "Without a server: one runs 'tautline connect --manual' and sends the printed line to the"
          + " other, who runs 'tautline connect --manual --answer', pastes it and sends the printed"
          + " line back. The lines are JSON.stringify(description) as a web page makes it."
    },
    mixinStandardHelpOptions = true)
final class ConnectCommand implements Callable<Integer> {
  @Option(
      names = "--manual",
      description = "Offer and answer are copied by hand: no server is needed.")
  private boolean manual;

  @Option(names = "--answer", description = "Be the one who gets the offer.")
  private boolean answer;

  @Option(names = "--server", paramLabel = "URI", description = "The rooms server.")
  private Optional<URI> server = Optional.empty();

  @Option(names = "--room", paramLabel = "NAME", description = "The room to join.")
  private Optional<String> room = Optional.empty();

  @Option(
      names = "--loopback",
      description = "Offer loopback addresses too, for two peers on one machine.",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true")
  private boolean loopback = true;

  @Option(
      names = "--paste-timeout",
      paramLabel = "SECONDS",
      defaultValue = "600",
      description = "How long to wait for the other's line (default: ${DEFAULT-VALUE}).")
  private int pasteSeconds = 600;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "30",
      description = "How long connecting may take (default: ${DEFAULT-VALUE}).")
  private int connectSeconds = 30;

  @Override
  public Integer call() throws InterruptedException {
    Limit paste = Limit.ofSeconds(pasteSeconds);
    Limit connect = Limit.ofSeconds(connectSeconds);
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    if (manual && server.isEmpty() && room.isEmpty()) {
      return byHand(in, paste, connect);
    }
    if (!manual && !answer && server.isPresent() && room.isPresent()) {
      return throughRoom(in, server.get(), room.get(), connect);
    }
    throw new CommandFailure(
        "'tautline connect' needs either --manual (with --answer on the other side) or both"
            + " --server URI and --room NAME");
  }

  private int throughRoom(BufferedReader in, URI uri, String name, Limit limit)
      throws InterruptedException {
    try (Tautline tautline = Tautline.create();
        Room joined =
            limit.outcome(
                Room.join(
                    RoomOptions.builder(uri, name, tautline)
                        .connectionOptions(options(limit))
                        .joinTimeout(limit.duration())
                        .serverTimeout(limit.duration())
                        .connectTimeout(limit.duration())
                        .build()),
                "Meeting a peer in room " + name)) {
      return chat(joined.channel(), in);
    }
  }

  private PeerConnectionOptions options(Limit limit) {
    var options =
        PeerConnectionOptions.builder().includeLoopback(loopback).connectTimeout(limit.duration());
    if (answer) {
      options.icePatience(limit.duration());
    }
    return options.build();
  }

  private int byHand(BufferedReader in, Limit paste, Limit connect) throws InterruptedException {
    // The answerer's time starts when the other person pastes the answer, which may take a while.
    Limit opening = answer ? paste : connect;
    try (Tautline tautline = Tautline.create();
        PeerConnection connection = tautline.createPeerConnection(options(opening))) {
      CompletableFuture<DataChannel> channel = new CompletableFuture<>();
      if (answer) {
        connection.onDataChannel(channel::complete);
        say("Paste the offer (one line):");
        SessionDescription offer = paste(in, paste, SdpType.OFFER);
        apply(connection, offer, connect);
        describe(connection, connect);
        say("Send the line above to the one who made the offer.");
      } else {
        channel.complete(connection.createDataChannel("manual"));
        describe(connection, connect);
        say("Send the line above to the other person, then paste the answer (one line):");
        apply(connection, paste(in, paste, SdpType.ANSWER), connect);
      }
      DataChannel open =
          opening.await(
              firstOf(channel.thenCompose(DataChannel::opened), connection.connected()),
              "Connecting",
              "check that both lines were copied whole and that the two machines can reach each"
                  + " other");
      return chat(open, in);
    }
  }

  /** The channel, or the failure of the connection if that comes first. */
  private static CompletableFuture<DataChannel> firstOf(
      CompletableFuture<DataChannel> opened, CompletableFuture<Void> connected) {
    var first = new CompletableFuture<DataChannel>();
    opened.whenComplete(
        (channel, failure) -> {
          if (failure == null) {
            first.complete(channel);
          } else {
            first.completeExceptionally(failure);
          }
        });
    connected.whenComplete(
        (done, failure) -> {
          if (failure != null) {
            first.completeExceptionally(failure);
          }
        });
    return first;
  }

  private static void describe(PeerConnection connection, Limit limit) throws InterruptedException {
    limit.await(
        connection.setLocalDescription().thenCompose(done -> connection.gatheringComplete()),
        "Gathering addresses",
        "check that this machine has a network interface that is up");
    System.out.println(PastedDescription.write(connection.localDescription().orElseThrow()));
  }

  private static void apply(PeerConnection connection, SessionDescription description, Limit limit)
      throws InterruptedException {
    limit.await(
        connection.setRemoteDescription(description),
        "Taking the pasted " + description.type(),
        "copy the line again, whole and unchanged");
  }

  private static SessionDescription paste(BufferedReader in, Limit limit, SdpType wanted)
      throws InterruptedException {
    var line =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                String text;
                do {
                  text = in.readLine();
                } while (text != null && text.isBlank());
                return text == null ? "" : text;
              } catch (IOException e) {
                throw new CompletionException(e);
              }
            });
    String text =
        limit.await(line, "Pasting the " + wanted, "start again, or raise --paste-timeout");
    if (text.isEmpty()) {
      throw new CommandFailure(
          "Standard input ended before the "
              + wanted
              + " was pasted; start again and paste the other side's line");
    }
    return PastedDescription.read(text, wanted);
  }

  private static int chat(DataChannel channel, BufferedReader in) throws InterruptedException {
    say("Connected. Each line you type is sent; end with Ctrl-D.");
    var closed = channel.closed();
    channel.onMessage(
        message -> {
          if (message instanceof DataChannelMessage.Text text) {
            System.out.println(Main.oneLine(text.text()));
          } else if (message instanceof DataChannelMessage.Binary binary) {
            System.out.println("(" + binary.data().length + " bytes of binary data)");
          }
        });
    var typing =
        new Thread(
            () -> {
              try {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                  send(channel, line);
                }
                channel.closeAsync();
              } catch (IOException | RuntimeException e) {
                if (!closed.isDone()) {
                  say("Sending failed: " + CommandFailure.sentence(e));
                  channel.closeAsync();
                }
              }
            },
            "typing");
    typing.setDaemon(true);
    typing.start();
    try {
      closed.join();
    } catch (CompletionException e) {
      throw new CommandFailure("The connection ended: " + CommandFailure.sentence(e), e);
    }
    say("The channel is closed.");
    return 0;
  }

  /** A line that is too long for a message is no reason to end the conversation. */
  private static void send(DataChannel channel, String line) {
    try {
      channel.sendAsync(line).join();
    } catch (CompletionException e) {
      if (CommandFailure.unwrap(e) instanceof DataChannelException refusal
          && refusal.code() == DataChannelException.Code.TYPE_ERROR) {
        say("Not sent: " + refusal.getMessage());
      } else {
        throw e;
      }
    }
  }

  private static void say(String text) {
    System.err.println(text);
  }
}

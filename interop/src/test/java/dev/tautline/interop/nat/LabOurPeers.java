package dev.tautline.interop.nat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelMessage;
import dev.tautline.datachannel.HostCandidates;
import dev.tautline.datachannel.IceCandidateInit;
import dev.tautline.datachannel.IceServer;
import dev.tautline.datachannel.IceTransportPolicy;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.PeerConnectionStats;
import dev.tautline.datachannel.SelectedCandidatePair;
import dev.tautline.datachannel.SessionDescription;
import dev.tautline.datachannel.Tautline;
import dev.tautline.interop.peer.ForeignPeer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Our connections in a host of the laboratory. They take those commands of {@code peer.mjs} that
 * the laboratory needs, and {@code state}, {@code report} and {@code thereAndBack} beside them.
 */
final class LabOurPeers {
  private static final ObjectMapper JSON = new ObjectMapper();

  private LabOurPeers() {}

  /** Runs until the standard input ends; the argument, if any, is a TCP port to listen on. */
  public static void main(String[] arguments) throws IOException {
    Tautline.Builder builder = Tautline.builder();
    if (arguments.length > 0) {
      builder.tcpPort(Integer.parseInt(arguments[0]));
    }
    ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    try (Tautline runtime = builder.build()) {
      LabPeers.serve(out -> new Peer(runtime, clock, out));
    } finally {
      clock.shutdownNow();
    }
  }

  /** One connection. Its commands run one after another. */
  private static final class Peer implements ForeignPeer.Carrier {
    private final Tautline runtime;
    private final ScheduledExecutorService clock;
    private final Consumer<String> out;
    private final ExecutorService commands = Executors.newSingleThreadExecutor();
    private final Map<String, Channel> channels = new ConcurrentHashMap<>();
    private @Nullable PeerConnection made;

    Peer(Tautline runtime, ScheduledExecutorService clock, Consumer<String> out) {
      this.runtime = runtime;
      this.clock = clock;
      this.out = out;
      emit(event("ready"));
    }

    @Override
    public void send(String line) {
      commands.execute(() -> emit(answer(line)));
    }

    @Override
    public void close() {
      commands.shutdownNow();
      channels.values().forEach(Channel::stop);
      if (made != null) {
        made.close();
      }
    }

    @Override
    public String diagnosis() {
      return "";
    }

    private ObjectNode answer(String line) {
      ObjectNode answer = JSON.createObjectNode();
      try {
        JsonNode command = JSON.readTree(line);
        answer.set("re", command.get("id"));
        answer.set("result", run(command));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        answer.put("error", "interrupted");
      } catch (ExecutionException e) {
        answer.put("error", String.valueOf(e.getCause()));
      } catch (JsonProcessingException | TimeoutException | RuntimeException e) {
        answer.put("error", e.toString());
      }
      return answer;
    }

    private @Nullable JsonNode run(JsonNode command)
        throws InterruptedException, ExecutionException, TimeoutException {
      switch (command.get("op").asText()) {
        case "create" -> create(command.path("config"));
        case "channel" ->
            add(new Channel(connection().createDataChannel(label(command)), label(command)));
        case "offer" -> {
          result(connection().setLocalDescription());
          return sdp();
        }
        case "answer" -> {
          result(connection().setRemoteDescription(SessionDescription.offer(sdp(command))));
          result(connection().setLocalDescription());
          return sdp();
        }
        case "accept" ->
            result(connection().setRemoteDescription(SessionDescription.answer(sdp(command))));
        case "gathered" -> {
          result(connection().gatheringComplete());
          return sdp();
        }
        case "restartIce" -> connection().restartIce();
        case "candidate" -> result(connection().addIceCandidate(candidate(command)));
        case "follow" -> channel(command).follow();
        case "followed" -> {
          return channel(command).followed(command.get("count").intValue());
        }
        case "count" -> channel(command).count(command.get("everyMillis").longValue());
        case "stopCounting" -> {
          return channel(command).stopAndTell();
        }
        case "thereAndBack" -> channel(command).thereAndBack(command.get("bytes").intValue());
        case "state" -> {
          return state();
        }
        case "report" -> {
          var report = result(connection().iceReport());
          ObjectNode both = JSON.createObjectNode().put("text", report.toString());
          try {
            return both.set("json", JSON.readTree(report.toJson()));
          } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
          }
        }
        default -> throw new IllegalArgumentException(command.toString());
      }
      return null;
    }

    private void create(JsonNode config) {
      List<IceServer> servers = new ArrayList<>();
      for (JsonNode server : config.path("iceServers")) {
        List<String> urls = new ArrayList<>();
        server.get("urls").forEach(url -> urls.add(url.asText()));
        servers.add(
            new IceServer(
                urls, server.path("username").textValue(), server.path("credential").textValue()));
      }
      boolean relayed = config.path("iceTransportPolicy").asText().equals("relay");
      PeerConnection connection =
          runtime.createPeerConnection(
              PeerConnectionOptions.builder()
                  .iceServers(servers)
                  .iceTransportPolicy(relayed ? IceTransportPolicy.RELAY : IceTransportPolicy.ALL)
                  .hostCandidates(
                      HostCandidates.valueOf(config.path("hostCandidates").asText("OFFERED")))
                  .build());
      made = connection;
      connection.onIceCandidate(this::tell);
      connection.onDataChannel(channel -> add(new Channel(channel, channel.label())));
      connection.onConnectionStateChange(
          state -> emit(event("connection").put("state", state.toString())));
    }

    private void add(Channel channel) {
      channels.put(channel.label, channel);
      channel.channel.onOpen(() -> emit(event("open").put("label", channel.label)));
    }

    private void tell(Optional<IceCandidateInit> candidate) {
      IceCandidateInit told = candidate.orElseGet(IceCandidateInit::endOfCandidates);
      emit(
          event("candidate")
              .put("candidate", told.candidate())
              .put("sdpMid", told.sdpMid() == null ? "0" : told.sdpMid())
              .put("sdpMLineIndex", told.sdpMLineIndex() == null ? 0 : told.sdpMLineIndex())
              .put("usernameFragment", told.usernameFragment()));
    }

    private JsonNode state() throws InterruptedException, ExecutionException, TimeoutException {
      PeerConnectionStats statistics = result(connection().getStats());
      ObjectNode state = JSON.createObjectNode();
      state.put("connection", connection().connectionState().toString());
      statistics
          .transport()
          .ifPresent(
              transport ->
                  state
                      .put("generation", transport.iceGeneration())
                      .put("localUfrag", transport.localUfrag())
                      .put("remoteUfrag", transport.remoteUfrag())
                      .put("handshakes", transport.dtlsHandshakes()));
      connection()
          .selectedCandidatePair()
          .ifPresent(
              pair -> {
                state.set("local", end(pair.local()));
                state.set("remote", end(pair.remote()));
              });
      return state;
    }

    private static ObjectNode end(SelectedCandidatePair.Candidate candidate) {
      return JSON.createObjectNode()
          .put("type", candidate.type())
          .put("protocol", candidate.protocol())
          .put("address", candidate.address());
    }

    private JsonNode sdp() {
      return JSON.createObjectNode()
          .put("sdp", connection().localDescription().orElseThrow().sdp());
    }

    private static String sdp(JsonNode command) {
      return command.get("sdp").asText();
    }

    private static IceCandidateInit candidate(JsonNode command) {
      return new IceCandidateInit(
          command.get("candidate").asText(),
          command.get("sdpMid").textValue(),
          command.get("sdpMLineIndex").isNull() ? null : command.get("sdpMLineIndex").intValue(),
          command.get("usernameFragment").textValue());
    }

    private PeerConnection connection() {
      if (made == null) {
        throw new IllegalStateException("not created");
      }
      return made;
    }

    private static String label(JsonNode command) {
      return command.get("label").asText();
    }

    private Channel channel(JsonNode command) {
      Channel channel = channels.get(label(command));
      if (channel == null) {
        throw new IllegalStateException("no channel " + label(command));
      }
      return channel;
    }

    private static <T> T result(CompletableFuture<T> future)
        throws InterruptedException, ExecutionException, TimeoutException {
      return future.get(ForeignPeer.LIMIT.toSeconds(), TimeUnit.SECONDS);
    }

    private static ObjectNode event(String name) {
      return JSON.createObjectNode().put("event", name);
    }

    private void emit(ObjectNode line) {
      try {
        out.accept(JSON.writeValueAsString(line));
      } catch (JsonProcessingException e) {
        throw new IllegalStateException(e);
      }
    }

    /** A channel, its messages and what is to be done with them. */
    private final class Channel {
      /** What one message of a larger transfer carries. */
      private static final int PIECE = 64 * 1024;

      private final DataChannel channel;
      private final String label;
      private final BlockingQueue<DataChannelMessage> messages = new LinkedBlockingQueue<>();
      private final AtomicInteger counted = new AtomicInteger();
      private @Nullable ScheduledFuture<?> counting;

      // Guarded by this.
      private boolean follows;
      private int next;
      private long last;
      private long longestGap;
      private final List<String> faults = new ArrayList<>();

      Channel(DataChannel channel, String label) {
        this.channel = channel;
        this.label = label;
        channel.onMessage(this::message);
      }

      private synchronized void message(DataChannelMessage message) {
        if (!follows) {
          messages.add(message);
          return;
        }
        long now = System.nanoTime();
        longestGap = Math.max(longestGap, now - last);
        last = now;
        String text = message instanceof DataChannelMessage.Text t ? t.text() : "bytes";
        if (!text.equals(String.valueOf(next))) {
          faults.add(text + " came in place of " + next);
        }
        next++;
        notifyAll();
      }

      /** Numbers from 0 on have to come, each once and in order. */
      synchronized void follow() {
        follows = true;
        next = 0;
        last = System.nanoTime();
        longestGap = 0;
      }

      synchronized JsonNode followed(int count) throws InterruptedException, TimeoutException {
        long end = System.nanoTime() + ForeignPeer.LIMIT.toNanos();
        while (faults.isEmpty() && next < count) {
          long left = end - System.nanoTime();
          if (left <= 0) {
            throw new TimeoutException(next + " of " + count + " numbers came");
          }
          TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        ObjectNode result = JSON.createObjectNode().put("received", next);
        result.put("longestGap", TimeUnit.NANOSECONDS.toMillis(longestGap));
        ArrayNode list = result.putArray("faults");
        faults.forEach(list::add);
        return result;
      }

      /** Sends numbers from 0 on until it is stopped. */
      void count(long everyMillis) {
        counted.set(0);
        counting =
            clock.scheduleAtFixedRate(
                () -> channel.send(String.valueOf(counted.getAndIncrement())),
                0,
                everyMillis,
                TimeUnit.MILLISECONDS);
      }

      void stop() {
        if (counting != null) {
          counting.cancel(false);
          counting = null;
        }
      }

      JsonNode stopAndTell() throws InterruptedException, ExecutionException {
        stop();
        // Behind the last one, which may be on its way.
        return JSON.createObjectNode().put("sent", clock.submit(counted::get).get());
      }

      /** Sends bytes to a peer that sends them back, and compares. */
      void thereAndBack(int bytes)
          throws InterruptedException, ExecutionException, TimeoutException {
        var random = new Random(bytes);
        List<byte[]> pieces = new ArrayList<>();
        for (int left = bytes; left > 0; left -= PIECE) {
          byte[] piece = new byte[Math.min(PIECE, left)];
          random.nextBytes(piece);
          pieces.add(piece);
          result(channel.sendAsync(piece));
        }
        for (byte[] piece : pieces) {
          DataChannelMessage back = messages.poll(ForeignPeer.LIMIT.toSeconds(), TimeUnit.SECONDS);
          if (!(back instanceof DataChannelMessage.Binary binary)
              || !Arrays.equals(binary.data(), piece)) {
            throw new IllegalStateException("other bytes came back: " + back);
          }
        }
      }
    }
  }
}

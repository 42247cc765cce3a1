package dev.tautline.benchmarks.throughput;

import com.sun.management.OperatingSystemMXBean;
import dev.tautline.benchmarks.throughput.ContestantProtocol.Plan;
import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelMessage;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.SdpType;
import dev.tautline.datachannel.SessionDescription;
import dev.tautline.datachannel.Tautline;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Semaphore;

/** Tautline as one process of the comparison; speaks {@link ContestantProtocol}. */
public final class TautlineContestant {
  private TautlineContestant() {}

  /** See {@link ContestantProtocol} for the arguments. */
  public static void main(String[] args) throws Exception {
    Plan plan = Plan.of(args);
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = System.out;
    try (Tautline tautline = Tautline.create();
        PeerConnection connection =
            tautline.createPeerConnection(
                PeerConnectionOptions.builder().includeLoopback(true).build())) {
      if (args[0].equals(ContestantProtocol.SEND)) {
        DataChannel channel = connection.createDataChannel("throughput");
        connection.setLocalDescription().get();
        connection.gatheringComplete().get();
        ContestantProtocol.printSdp(
            out, ContestantProtocol.OFFER, connection.localDescription().orElseThrow().sdp());
        String answer = ContestantProtocol.readSdp(in, ContestantProtocol.ANSWER);
        connection.setRemoteDescription(new SessionDescription(SdpType.ANSWER, answer)).get();
        channel.opened().get();
        var pump = new Thread(() -> pump(channel, plan, out), "pump");
        pump.setDaemon(true);
        pump.start();
      } else {
        connection.onDataChannel(channel -> channel.onMessage(new Receiver(plan, out)::message));
        String offer = ContestantProtocol.readSdp(in, ContestantProtocol.OFFER);
        connection.setRemoteDescription(new SessionDescription(SdpType.OFFER, offer)).get();
        connection.setLocalDescription().get();
        connection.gatheringComplete().get();
        ContestantProtocol.printSdp(
            out, ContestantProtocol.ANSWER, connection.localDescription().orElseThrow().sdp());
      }
      String line;
      do {
        line = in.readLine();
      } while (line != null && !line.equals(ContestantProtocol.STOP));
      var os = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
      out.println(ContestantProtocol.CPU + " " + os.getProcessCpuTime());
      out.flush();
      // The pump has no end of its own; what it still holds is of no interest.
      Runtime.getRuntime().halt(0);
    }
  }

  private static void pump(DataChannel channel, Plan plan, PrintStream out) {
    var room = new Semaphore(0);
    long low = plan.bufferBytes() / 2;
    channel.setBufferedAmountLowThreshold(low);
    channel.onBufferedAmountLow(room::release);
    byte[] message = new byte[plan.messageBytes()];
    ByteBuffer header = ByteBuffer.wrap(message);
    try {
      for (long sequence = 0; ; sequence++) {
        while (channel.bufferedAmount() + message.length > plan.bufferBytes()) {
          room.acquire();
        }
        header.putLong(0, sequence).putInt(8, message.length);
        channel.send(message);
      }
    } catch (InterruptedException | RuntimeException e) {
      out.println("FAILED " + e);
      out.flush();
    }
  }

  /** Checks and counts on the connection's loop. */
  private static final class Receiver {
    private final Plan plan;
    private final PrintStream out;
    private long expected;
    private long errors;
    private long bytes;
    private long messages;
    private long firstNanos = -1;
    private long beginNanos;
    private boolean done;

    Receiver(Plan plan, PrintStream out) {
      this.plan = plan;
      this.out = out;
    }

    void message(DataChannelMessage message) {
      if (done) {
        return;
      }
      long now = System.nanoTime();
      byte[] data =
          message instanceof DataChannelMessage.Binary binary ? binary.data() : new byte[0];
      ByteBuffer view = ByteBuffer.wrap(data);
      if (data.length != plan.messageBytes()
          || view.getLong(0) != expected
          || view.getInt(8) != data.length) {
        errors++;
      }
      expected++;
      if (firstNanos < 0) {
        firstNanos = now;
      }
      if (now - firstNanos < plan.warmupMillis() * 1_000_000) {
        beginNanos = now;
        return;
      }
      bytes += data.length;
      messages++;
      if (now - beginNanos >= plan.measureMillis() * 1_000_000) {
        done = true;
        out.println(
            ContestantProtocol.RESULT
                + " "
                + bytes
                + " "
                + (now - beginNanos)
                + " "
                + messages
                + " "
                + errors);
        out.flush();
      }
    }
  }
}

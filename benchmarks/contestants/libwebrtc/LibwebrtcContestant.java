import dev.onvoid.webrtc.CreateSessionDescriptionObserver;
import dev.onvoid.webrtc.PeerConnectionFactory;
import dev.onvoid.webrtc.PeerConnectionObserver;
import dev.onvoid.webrtc.RTCAnswerOptions;
import dev.onvoid.webrtc.RTCConfiguration;
import dev.onvoid.webrtc.RTCDataChannel;
import dev.onvoid.webrtc.RTCDataChannelBuffer;
import dev.onvoid.webrtc.RTCDataChannelInit;
import dev.onvoid.webrtc.RTCDataChannelObserver;
import dev.onvoid.webrtc.RTCDataChannelState;
import dev.onvoid.webrtc.RTCIceCandidate;
import dev.onvoid.webrtc.RTCIceGatheringState;
import dev.onvoid.webrtc.RTCOfferOptions;
import dev.onvoid.webrtc.RTCPeerConnection;
import dev.onvoid.webrtc.RTCSdpType;
import dev.onvoid.webrtc.RTCSessionDescription;
import dev.onvoid.webrtc.SetSessionDescriptionObserver;
import dev.onvoid.webrtc.media.audio.HeadlessAudioDeviceModule;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/**
 * libwebrtc as one process of the throughput comparison. Run by the comparison as a single source
 * file with webrtc-java on the class path; Tautline is not on it. Speaks the lines that {@code
 * dev.tautline.benchmarks.throughput.ContestantProtocol} documents.
 */
public final class LibwebrtcContestant {
  private static final CountDownLatch GATHERED = new CountDownLatch(1);

  public static void main(String[] args) throws Exception {
    boolean sender = args[0].equals("send");
    int messageBytes = Integer.parseInt(args[1]);
    long bufferBytes = Long.parseLong(args[2]);
    long warmupNanos = Long.parseLong(args[3]) * 1_000_000;
    long measureNanos = Long.parseLong(args[4]) * 1_000_000;
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var factory = new PeerConnectionFactory(new HeadlessAudioDeviceModule());
    var incoming = new CompletableFuture<RTCDataChannel>();
    RTCPeerConnection connection =
        factory.createPeerConnection(
            new RTCConfiguration(),
            new PeerConnectionObserver() {
              @Override
              public void onIceCandidate(RTCIceCandidate candidate) {}

              @Override
              public void onIceGatheringChange(RTCIceGatheringState state) {
                if (state == RTCIceGatheringState.COMPLETE) {
                  GATHERED.countDown();
                }
              }

              @Override
              public void onDataChannel(RTCDataChannel channel) {
                receive(channel, messageBytes, warmupNanos, measureNanos);
                incoming.complete(channel);
              }
            });
    if (sender) {
      var init = new RTCDataChannelInit();
      init.ordered = true;
      RTCDataChannel channel = connection.createDataChannel("throughput", init);
      var wake = new Object();
      channel.registerObserver(
          new RTCDataChannelObserver() {
            @Override
            public void onBufferedAmountChange(long previous) {
              synchronized (wake) {
                wake.notifyAll();
              }
            }

            @Override
            public void onStateChange() {
              synchronized (wake) {
                wake.notifyAll();
              }
            }

            @Override
            public void onMessage(RTCDataChannelBuffer buffer) {}
          });
      setLocal(connection, create(connection, true));
      GATHERED.await();
      print("OFFER", connection.getLocalDescription().sdp);
      setRemote(connection, RTCSdpType.ANSWER, expect(in, "ANSWER"));
      synchronized (wake) {
        while (channel.getState() != RTCDataChannelState.OPEN) {
          wake.wait(100);
        }
      }
      var pump = new Thread(() -> pump(channel, messageBytes, bufferBytes, wake), "pump");
      pump.setDaemon(true);
      pump.start();
    } else {
      setRemote(connection, RTCSdpType.OFFER, expect(in, "OFFER"));
      setLocal(connection, create(connection, false));
      GATHERED.await();
      print("ANSWER", connection.getLocalDescription().sdp);
      incoming.get();
    }
    String line;
    do {
      line = in.readLine();
    } while (line != null && !line.equals("STOP"));
    var os =
        (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    System.out.println("CPU " + os.getProcessCpuTime());
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  private static void pump(
      RTCDataChannel channel, int messageBytes, long bufferBytes, Object wake) {
    ByteBuffer message = ByteBuffer.allocateDirect(messageBytes);
    try {
      for (long sequence = 0; ; sequence++) {
        synchronized (wake) {
          while (channel.getBufferedAmount() + messageBytes > bufferBytes) {
            wake.wait(10);
          }
        }
        message.clear();
        message.putLong(0, sequence).putInt(8, messageBytes);
        channel.send(new RTCDataChannelBuffer(message, true));
      }
    } catch (Exception e) {
      System.out.println("FAILED " + e);
      System.out.flush();
    }
  }

  private static void receive(
      RTCDataChannel channel, int messageBytes, long warmupNanos, long measureNanos) {
    channel.registerObserver(
        new RTCDataChannelObserver() {
          private long expected;
          private long errors;
          private long bytes;
          private long messages;
          private long first = -1;
          private long begin;
          private boolean done;

          @Override
          public void onBufferedAmountChange(long previous) {}

          @Override
          public void onStateChange() {}

          @Override
          public void onMessage(RTCDataChannelBuffer buffer) {
            if (done) {
              return;
            }
            long now = System.nanoTime();
            ByteBuffer data = buffer.data;
            int length = data.remaining();
            int at = data.position();
            if (length != messageBytes
                || data.getLong(at) != expected
                || data.getInt(at + 8) != messageBytes) {
              errors++;
            }
            expected++;
            if (first < 0) {
              first = now;
            }
            if (now - first < warmupNanos) {
              begin = now;
              return;
            }
            bytes += length;
            messages++;
            if (now - begin >= measureNanos) {
              done = true;
              System.out.println(
                  "RESULT " + bytes + " " + (now - begin) + " " + messages + " " + errors);
              System.out.flush();
            }
          }
        });
  }

  private static void print(String word, String sdp) {
    System.out.println(
        word + " " + Base64.getEncoder().encodeToString(sdp.getBytes(StandardCharsets.UTF_8)));
    System.out.flush();
  }

  private static String expect(BufferedReader in, String word) throws Exception {
    String line = in.readLine();
    if (line == null || !line.startsWith(word + " ")) {
      throw new IllegalStateException("expected " + word + ", got " + line);
    }
    byte[] sdp = Base64.getDecoder().decode(line.substring(word.length() + 1));
    return new String(sdp, StandardCharsets.UTF_8);
  }

  private static RTCSessionDescription create(RTCPeerConnection connection, boolean offer)
      throws Exception {
    var result = new CompletableFuture<RTCSessionDescription>();
    var observer =
        new CreateSessionDescriptionObserver() {
          @Override
          public void onSuccess(RTCSessionDescription description) {
            result.complete(description);
          }

          @Override
          public void onFailure(String error) {
            result.completeExceptionally(new IllegalStateException(error));
          }
        };
    if (offer) {
      connection.createOffer(new RTCOfferOptions(), observer);
    } else {
      connection.createAnswer(new RTCAnswerOptions(), observer);
    }
    return result.get();
  }

  private static void setLocal(RTCPeerConnection connection, RTCSessionDescription description)
      throws Exception {
    var done = new CompletableFuture<Void>();
    connection.setLocalDescription(description, observer(done));
    done.get();
  }

  private static void setRemote(RTCPeerConnection connection, RTCSdpType type, String sdp)
      throws Exception {
    var done = new CompletableFuture<Void>();
    connection.setRemoteDescription(new RTCSessionDescription(type, sdp), observer(done));
    done.get();
  }

  private static SetSessionDescriptionObserver observer(CompletableFuture<Void> done) {
    return new SetSessionDescriptionObserver() {
      @Override
      public void onSuccess() {
        done.complete(null);
      }

      @Override
      public void onFailure(String error) {
        done.completeExceptionally(new IllegalStateException(error));
      }
    };
  }
}

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
import dev.onvoid.webrtc.RTCOfferOptions;
import dev.onvoid.webrtc.RTCPeerConnection;
import dev.onvoid.webrtc.RTCSdpType;
import dev.onvoid.webrtc.RTCSessionDescription;
import dev.onvoid.webrtc.SetSessionDescriptionObserver;
import dev.onvoid.webrtc.media.audio.HeadlessAudioDeviceModule;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * libwebrtc as one process of the comparison of open times. Run as a single source file with
 * webrtc-java on the class path; Tautline is not on it. Speaks the lines that {@code
 * dev.tautline.benchmarks.opens.OpenProtocol} documents.
 */
public final class LibwebrtcOpens {
  private static final PeerConnectionFactory FACTORY =
      new PeerConnectionFactory(new HeadlessAudioDeviceModule());

  private static final List<String> EARLY = new ArrayList<>();

  private static RTCPeerConnection connection;
  private static boolean described;

  public static void main(String[] args) throws Exception {
    boolean answers = args[0].equals("answer");
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    if (answers) {
      connection = connect();
    }
    say("READY");
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ", 2);
      String text =
          words.length > 1
              ? new String(Base64.getDecoder().decode(words[1]), StandardCharsets.UTF_8)
              : "";
      switch (words[0]) {
        case "GO" -> offer();
        case "OFFER" -> {
          setRemote(RTCSdpType.OFFER, text);
          RTCSessionDescription answer = create(false);
          setLocal(answer);
          say("ANSWER", answer.sdp);
        }
        case "ANSWER" -> setRemote(RTCSdpType.ANSWER, text);
        case "CANDIDATE" -> {
          // It may overtake the description, as another thread tells it.
          if (connection != null && described) {
            candidate(text);
          } else if (connection != null) {
            EARLY.add(text);
          }
        }
        case "END" -> {
          connection.close();
          described = false;
          EARLY.clear();
          connection = answers ? connect() : null;
          say("ENDED");
        }
        default -> throw new IllegalArgumentException("unknown command " + words[0]);
      }
    }
    Runtime.getRuntime().halt(0);
  }

  private static RTCPeerConnection connect() {
    return FACTORY.createPeerConnection(
        new RTCConfiguration(),
        new PeerConnectionObserver() {
          @Override
          public void onIceCandidate(RTCIceCandidate candidate) {
            say("CANDIDATE", candidate.sdpMid + " " + candidate.sdp);
          }

          @Override
          public void onDataChannel(RTCDataChannel channel) {}
        });
  }

  private static void offer() throws Exception {
    connection = connect();
    RTCDataChannel channel = connection.createDataChannel("open", new RTCDataChannelInit());
    long start = System.nanoTime();
    channel.registerObserver(
        new RTCDataChannelObserver() {
          @Override
          public void onBufferedAmountChange(long previous) {}

          @Override
          public void onStateChange() {
            if (channel.getState() == RTCDataChannelState.OPEN) {
              say("OPEN " + (System.nanoTime() - start) / 1000);
            }
          }

          @Override
          public void onMessage(RTCDataChannelBuffer buffer) {}
        });
    RTCSessionDescription offer = create(true);
    setLocal(offer);
    say("OFFER", offer.sdp);
  }

  private static void say(String word, String text) {
    say(word + ' ' + Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static synchronized void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  private static RTCSessionDescription create(boolean offer) throws Exception {
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

  private static void setLocal(RTCSessionDescription description) throws Exception {
    var done = new CompletableFuture<Void>();
    connection.setLocalDescription(description, observer(done));
    done.get();
  }

  private static void setRemote(RTCSdpType type, String sdp) throws Exception {
    var done = new CompletableFuture<Void>();
    connection.setRemoteDescription(new RTCSessionDescription(type, sdp), observer(done));
    done.get();
    described = true;
    EARLY.forEach(LibwebrtcOpens::candidate);
    EARLY.clear();
  }

  private static void candidate(String text) {
    int space = text.indexOf(' ');
    connection.addIceCandidate(
        new RTCIceCandidate(text.substring(0, space), 0, text.substring(space + 1)));
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

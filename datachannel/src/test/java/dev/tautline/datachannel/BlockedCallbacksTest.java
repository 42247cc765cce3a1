package dev.tautline.datachannel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tautline.datachannel.dcep.ChannelType;
import dev.tautline.datachannel.dcep.DcepMessage;
import dev.tautline.datachannel.dcep.Ppid;
import dev.tautline.sctp.AssociationEvent;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a peer can queue for an application that does not get round to its callbacks is bounded. */
class BlockedCallbacksTest {
  private static final int MAX_CHANNELS = 8;

  private final BlockingQueue<DataChannel> channels = new ArrayBlockingQueue<>(100);
  private final CountDownLatch goOn = new CountDownLatch(1);
  private final ExecutorService executor = Executors.newSingleThreadExecutor();
  private final Tautline tautline = Tautline.builder().callbackExecutor(executor).build();
  private final PeerConnection connection =
      tautline.createPeerConnection(
          PeerConnectionOptions.builder()
              .loopback(Loopback.ONLY)
              .maxChannels(MAX_CHANNELS)
              .peerLabelBytes(2000)
              .build());
  private final RawPeer raw = new RawPeer();

  @BeforeEach
  void connect() throws InterruptedException {
    connection.onDataChannel(channels::add);
    raw.connect(connection);
  }

  @AfterEach
  void close() {
    goOn.countDown();
    raw.close();
    connection.close();
    tautline.close();
    executor.shutdown();
  }

  private static byte[] open(String label) {
    return new DcepMessage.Open(ChannelType.RELIABLE, 256, 0, label, "").toBytes();
  }

  private void block() throws InterruptedException {
    var blocked = new CountDownLatch(1);
    executor.execute(
        () -> {
          blocked.countDown();
          try {
            goOn.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    blocked.await();
  }

  private void openAndClose(int streamId) throws InterruptedException {
    raw.send(streamId, Ppid.DCEP, open("c"));
    raw.reset(streamId);
    while (!(raw.events.poll(10, TimeUnit.SECONDS)
        instanceof AssociationEvent.IncomingStreamsReset)) {
      // Our side answers with the reset of its own direction, whether it took the channel or not.
    }
  }

  @Test
  void channelsThatOpenAndCloseCountUntilTheApplicationIsTold() throws InterruptedException {
    block();
    for (int i = 0; i < 5 * MAX_CHANNELS; i++) {
      openAndClose(1 + 2 * i);
    }

    goOn.countDown();
    for (int i = 0; i < MAX_CHANNELS; i++) {
      assertThat(channels.poll(10, TimeUnit.SECONDS)).isNotNull();
    }
    // Told of all, it takes new ones again.
    await()
        .until(
            () -> {
              raw.send(201, Ppid.DCEP, open("again"));
              DataChannel next = channels.poll(100, TimeUnit.MILLISECONDS);
              return next != null && next.label().equals("again");
            });
  }

  @Test
  void labelsThatTakeTooMuchMemoryAreRefused() throws InterruptedException {
    raw.send(1, Ppid.DCEP, open("a".repeat(600)));
    assertThat(channels.poll(10, TimeUnit.SECONDS)).isNotNull();
    raw.send(3, Ppid.DCEP, open("b".repeat(600)));
    raw.send(5, Ppid.DCEP, open("c"));

    DataChannel next = channels.poll(10, TimeUnit.SECONDS);

    assertThat(next).isNotNull();
    assertThat(next.label()).isEqualTo("c");
  }
}

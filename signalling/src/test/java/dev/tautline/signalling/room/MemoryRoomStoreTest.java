package dev.tautline.signalling.room;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.signalling.protocol.ClaimRequest;
import dev.tautline.signalling.protocol.RelayedMessage.Description;
import dev.tautline.signalling.protocol.RoomName;
import dev.tautline.signalling.protocol.Slot;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class MemoryRoomStoreTest {
  private static final int CLAIMERS = 3;
  private static final int ROOMS = 1_000;

  private static ClaimOutcome claim(MemoryRoomStore store, RoomName room) {
    return store.claim(0, room, "owner", ClaimRequest.PLAIN).toCompletableFuture().join();
  }

  @Test
  void ofThreeThatClaimAtOnceTwoWinDifferentSlots() throws Exception {
    var store = new MemoryRoomStore(RoomLimits.DEFAULT, new SecureRandom());
    var barrier = new CyclicBarrier(CLAIMERS);
    ExecutorService threads = Executors.newFixedThreadPool(CLAIMERS);
    try {
      var tokens = new HashSet<String>();
      for (int i = 0; i < ROOMS; i++) {
        var room = new RoomName("room-" + i);
        Callable<ClaimOutcome> claim =
            () -> {
              barrier.await();
              return claim(store, room);
            };
        var slots = new ArrayList<Slot>();
        int full = 0;
        for (Future<ClaimOutcome> outcome : threads.invokeAll(List.of(claim, claim, claim))) {
          if (outcome.get() instanceof ClaimOutcome.Granted granted) {
            slots.add(granted.ref().slot());
            tokens.add(granted.token());
          } else {
            assertThat(outcome.get()).isEqualTo(new ClaimOutcome.RoomFull(2));
            full++;
          }
        }
        assertThat(slots).containsExactlyInAnyOrder(Slot.A, Slot.B);
        assertThat(full).isEqualTo(1);
      }
      assertThat(tokens).as("every slot has its own secret").hasSize(2 * ROOMS);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void ofTwoThatClaimTheLastSlotAtOnceOneWins() throws Exception {
    var store = new MemoryRoomStore(RoomLimits.DEFAULT, new SecureRandom());
    var barrier = new CyclicBarrier(2);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      for (int i = 0; i < ROOMS; i++) {
        var room = new RoomName("room-" + i);
        assertThat(claim(store, room)).isInstanceOf(ClaimOutcome.Granted.class);
        Callable<ClaimOutcome> claim =
            () -> {
              barrier.await();
              return claim(store, room);
            };
        int winners = 0;
        for (Future<ClaimOutcome> outcome : threads.invokeAll(List.of(claim, claim))) {
          if (outcome.get() instanceof ClaimOutcome.Granted) {
            winners++;
          }
        }
        assertThat(winners).as("room %d", i).isEqualTo(1);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void listenersAreWokenUntilTheyUnsubscribe() {
    var store = new MemoryRoomStore(RoomLimits.DEFAULT, new SecureRandom());
    var room = new RoomName("kitchen");
    MemberRef a = ((ClaimOutcome.Granted) claim(store, room)).ref();
    var woken = new AtomicInteger();
    Runnable listener = woken::incrementAndGet;
    store.subscribe(a, listener);
    MemberRef b = ((ClaimOutcome.Granted) claim(store, room)).ref();
    assertThat(woken).hasValue(1);
    store.relay(0, b, 1, a.member(), new Description("offer", "v=0"));
    assertThat(woken).hasValue(2);
    store.unsubscribe(a, () -> {});
    store.relay(0, b, 2, a.member(), new Description("offer", "v=0"));
    assertThat(woken).as("another's unsubscribing does not count").hasValue(3);
    store.unsubscribe(a, listener);
    store.relay(0, b, 3, a.member(), new Description("offer", "v=0"));
    assertThat(woken).hasValue(3);
  }

  @Test
  void aListenerMayCallTheStore() {
    var store = new MemoryRoomStore(RoomLimits.DEFAULT, new SecureRandom());
    var room = new RoomName("kitchen");
    MemberRef a = ((ClaimOutcome.Granted) claim(store, room)).ref();
    var seen = new AtomicInteger();
    store.subscribe(
        a, () -> seen.set(store.events(0, a, 0, 10).toCompletableFuture().join().events().size()));
    claim(store, room);
    assertThat(seen).hasValue(1);
  }
}

package dev.tautline.datachannel.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class LoopEntriesTest {
  private static final class Numbered extends LoopEntry {
    private final int producer;
    private final int number;
    private final List<Numbered> ran;

    Numbered(int producer, int number, List<Numbered> ran) {
      this.producer = producer;
      this.number = number;
      this.ran = ran;
    }

    @Override
    protected void run() {
      ran.add(this);
    }
  }

  @Test
  void givesBackInOrderAndKnowsWhenItIsEmpty() {
    var entries = new LoopEntries();
    List<Numbered> ran = new ArrayList<>();
    assertThat(entries.isEmpty()).isTrue();
    assertThat(entries.poll()).isNull();

    for (int i = 0; i < 3; i++) {
      entries.add(new Numbered(0, i, ran));
    }
    assertThat(entries.isEmpty()).isFalse();
    LoopEntry entry;
    while ((entry = entries.poll()) != null) {
      entry.run();
    }

    assertThat(ran).extracting(n -> n.number).containsExactly(0, 1, 2);
    assertThat(entries.isEmpty()).isTrue();
  }

  @Test
  void losesNothingOfManyProducersAndKeepsEachOnesOrder() throws InterruptedException {
    int producers = 4;
    int each = 50_000;
    var entries = new LoopEntries();
    List<Numbered> ran = new ArrayList<>();
    var start = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    for (int p = 0; p < producers; p++) {
      int producer = p;
      var thread =
          new Thread(
              () -> {
                try {
                  start.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                  return;
                }
                for (int i = 0; i < each; i++) {
                  entries.add(new Numbered(producer, i, ran));
                }
              });
      thread.start();
      threads.add(thread);
    }
    start.countDown();
    while (ran.size() < producers * each) {
      LoopEntry entry = entries.poll();
      if (entry == null) {
        Thread.onSpinWait();
      } else {
        entry.run();
      }
    }
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(entries.isEmpty()).isTrue();
    int[] next = new int[producers];
    for (Numbered n : ran) {
      assertThat(n.number).isEqualTo(next[n.producer]++);
    }
  }
}

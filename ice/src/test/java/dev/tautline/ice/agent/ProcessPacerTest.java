package dev.tautline.ice.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.ice.IceRuntimeOptions;
import dev.tautline.ice.check.CheckPacer;
import dev.tautline.ice.udp.Loops;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProcessPacerTest {
  @Test
  void slotsOfAllAgentsAreFiveMillisecondsApart() {
    Loops loops = Loops.create(IceRuntimeOptions.defaults());
    try {
      var pacer = new ProcessPacer();
      var first = loops.next();
      var second = loops.next();
      CheckPacer a = pacer.forLoop(first);
      CheckPacer z = pacer.forLoop(second);
      List<Long> slots = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        slots.add(a.reserve(first.nowNanos()) + first.epochNanos());
        slots.add(z.reserve(second.nowNanos()) + second.epochNanos());
      }
      Collections.sort(slots);
      for (int i = 1; i < slots.size(); i++) {
        assertThat(slots.get(i) - slots.get(i - 1)).isGreaterThanOrEqualTo(5_000_000);
      }
    } finally {
      loops.close().join();
    }
  }

  @Test
  void anIdlePacerGivesTheSlotAtOnce() {
    Loops loops = Loops.create(IceRuntimeOptions.defaults());
    try {
      var loop = loops.next();
      long later = loop.nowNanos() + 1_000_000_000;
      assertThat(new ProcessPacer().forLoop(loop).reserve(later)).isEqualTo(later);
    } finally {
      loops.close().join();
    }
  }
}

package dev.tautline.datachannel;

import dev.tautline.datachannel.sdp.GatheredCandidates;
import dev.tautline.datachannel.sdp.GatheredCandidates.Progress;
import dev.tautline.ice.IceCandidate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What was gathered with one ufrag. On the loop only. */
final class LocalGeneration {
  private final String ufrag;
  private final List<IceCandidate> candidates = new ArrayList<>();
  private final ArrayDeque<IceCandidate> untold = new ArrayDeque<>();
  private Progress progress = Progress.RUNNING;

  LocalGeneration(String ufrag) {
    this.ufrag = ufrag;
  }

  String ufrag() {
    return ufrag;
  }

  void add(IceCandidate candidate) {
    candidates.add(candidate);
    untold.add(candidate);
  }

  /** The next candidate that the application was not told of, or null. */
  @Nullable IceCandidate pollUntold() {
    return untold.poll();
  }

  void complete() {
    progress = Progress.COMPLETE;
  }

  Snapshot snapshot() {
    return new Snapshot(List.copyOf(candidates), progress);
  }

  /** What was gathered at one moment; put into words only when somebody asks. Any thread. */
  record Snapshot(List<IceCandidate> candidates, Progress progress) {
    static final Snapshot NONE = new Snapshot(List.of(), GatheredCandidates.NONE.progress());

    GatheredCandidates describe() {
      return Candidates.gathered(candidates, progress);
    }
  }
}

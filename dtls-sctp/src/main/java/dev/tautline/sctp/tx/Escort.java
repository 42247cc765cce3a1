package dev.tautline.sctp.tx;

import dev.tautline.base.HeapSize;
import dev.tautline.sctp.packet.Chunk;
import java.util.Arrays;
import java.util.List;

/**
 * A control chunk that goes in front of the first message of some streams, in each packet that has
 * it: whoever gets the message has the chunk by then.
 */
final class Escort {
  /** The chunk: a list with one parameter, and the list's copy. */
  private static final long CHUNK_BYTES =
      HeapSize.ofObject(4) + HeapSize.ofObject(2 * 4) + HeapSize.ofObject(4 * 4);

  private final Chunk chunk;
  private final int[] streamIds;

  /**
   * @param streamIds no stream means all
   */
  Escort(Chunk chunk, List<Integer> streamIds) {
    this.chunk = chunk;
    this.streamIds = streamIds.stream().mapToInt(Integer::intValue).sorted().toArray();
  }

  Chunk chunk() {
    return chunk;
  }

  boolean goesWith(int streamId) {
    return streamIds.length == 0 || Arrays.binarySearch(streamIds, streamId) >= 0;
  }

  long memoryBytes() {
    return HeapSize.ofObject(2 * 4) + HeapSize.ofReferences(streamIds.length) + CHUNK_BYTES;
  }
}

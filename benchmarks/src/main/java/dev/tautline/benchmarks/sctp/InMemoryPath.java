package dev.tautline.benchmarks.sctp;

import dev.tautline.dtls.record.AeadAlgorithm;
import dev.tautline.dtls.record.RecordHeader;
import dev.tautline.dtls.record.RecordNumbers;
import dev.tautline.dtls.record.RecordNumbersExhaustedException;
import dev.tautline.dtls.record.RecordOpener;
import dev.tautline.dtls.record.RecordSealer;
import dev.tautline.sctp.Association;
import dev.tautline.sctp.AssociationEvent;
import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.AssociationPhase;
import dev.tautline.sctp.SendOptions;
import dev.tautline.sctp.SendResult;
import java.util.Random;

/**
 * Two associations in one thread: what one writes the other reads at once, sealed as DTLS records
 * in between where asked. Time advances by 10 µs with each turn.
 */
final class InMemoryPath {
  /** What lies between the two associations. */
  enum Between {
    NOTHING,
    SEALED_RECORDS
  }

  private static final int TURN_NANOS = 10_000;
  private static final int PPID_BINARY = 53;
  private static final int STREAM = 1;
  private static final int MAX_TURNS = 10_000;

  private final Association a = Association.create(AssociationOptions.forDataChannels(), seeded(1));
  private final Association z = Association.create(AssociationOptions.forDataChannels(), seeded(2));
  private final byte[] scratch = new byte[2048];
  private final Between between;
  private final int headroom;
  private final RecordSealer sealer;
  private final RecordOpener opener;
  private long nowNanos;
  private long received;

  InMemoryPath(Between between) {
    this.between = between;
    AeadAlgorithm algorithm = AeadAlgorithm.AES_128_GCM;
    byte[] key = new byte[algorithm.keyBytes()];
    byte[] iv = new byte[algorithm.fixedIvBytes()];
    headroom = algorithm.headroomBytes();
    sealer = new RecordSealer(algorithm, key, iv, new RecordNumbers(1));
    opener = new RecordOpener(algorithm, key, iv);
    a.connect(nowNanos);
    for (int turn = 0; a.state() != AssociationPhase.ESTABLISHED; turn++) {
      if (turn == MAX_TURNS) {
        throw new IllegalStateException("the association was not established");
      }
      turn();
    }
  }

  private static Random seeded(long seed) {
    return new Random(seed);
  }

  /** Sends one message and runs both until it has arrived. */
  long deliver(byte[] message) {
    long before = received;
    SendResult result =
        a.send(
            nowNanos,
            STREAM,
            PPID_BINARY,
            message,
            0,
            message.length,
            SendOptions.RELIABLE_ORDERED);
    if (result != SendResult.ACCEPTED) {
      throw new IllegalStateException("the message was refused: " + result);
    }
    for (int turn = 0; received == before; turn++) {
      if (turn == MAX_TURNS) {
        throw new IllegalStateException("the message did not arrive");
      }
      turn();
    }
    return received;
  }

  private void turn() {
    nowNanos += TURN_NANOS;
    a.advanceTo(nowNanos);
    z.advanceTo(nowNanos);
    move(a, z);
    move(z, a);
    drain(a);
    drain(z);
  }

  private void move(Association from, Association to) {
    int length = from.pollPacket(nowNanos, scratch, headroom, scratch.length - 16);
    while (length > 0) {
      to.receive(nowNanos, scratch, headroom, pass(length));
      length = from.pollPacket(nowNanos, scratch, headroom, scratch.length - 16);
    }
  }

  private int pass(int length) {
    if (between == Between.NOTHING) {
      return length;
    }
    try {
      sealer.seal(RecordHeader.APPLICATION_DATA, scratch, headroom, length);
    } catch (RecordNumbersExhaustedException e) {
      throw new IllegalStateException("a benchmark does not last that long", e);
    }
    return opener.open(
        RecordHeader.APPLICATION_DATA,
        RecordHeader.number(scratch, 0),
        scratch,
        RecordHeader.LENGTH,
        RecordHeader.fragmentLength(scratch, 0),
        scratch,
        headroom);
  }

  private void drain(Association association) {
    for (AssociationEvent event = association.pollEvent();
        event != null;
        event = association.pollEvent()) {
      if (event instanceof AssociationEvent.MessageReceived message) {
        received += message.payload().length;
      }
    }
  }
}

package dev.tautline.sctp;

import static dev.tautline.sctp.HandPeer.INITIAL_TSN;

import dev.tautline.base.WireWriter;
import dev.tautline.sctp.packet.AbortChunk;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.CookieEchoChunk;
import dev.tautline.sctp.packet.ErrorChunk;
import dev.tautline.sctp.packet.IDataChunk;
import dev.tautline.sctp.packet.InitAckChunk;
import dev.tautline.sctp.packet.InitBody;
import dev.tautline.sctp.packet.InitChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.ReconfigChunk;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Writes the inputs that fuzzing starts from: packets as our own tests have them. Run by hand when
 * chunks are added: its argument is {@code src/test/resources/fuzz}.
 */
final class FuzzSeeds {
  private static final int STARTS = AssociationFuzz.Start.values().length;
  private final Path directory;

  private FuzzSeeds(Path directory) {
    this.directory = directory;
  }

  public static void main(String[] arguments) throws IOException {
    var seeds = new FuzzSeeds(Path.of(arguments[0]));
    seeds.chunks();
    seeds.associations("OpenedAssociationFuzz");
    seeds.associations("AnsweredAssociationFuzz");
    for (String target : List.of("DataReassemblyFuzz", "InterleavedReassemblyFuzz", "SendFuzz")) {
      seeds.random(target);
    }
  }

  private void write(String target, String name, byte[] bytes) throws IOException {
    Path file = directory.resolve(target).resolve(name);
    Files.createDirectories(directory.resolve(target));
    Files.write(file, bytes);
  }

  private static byte[] value(Chunk chunk) {
    var out = new WireWriter(chunk.valueLength());
    chunk.writeValue(out);
    return out.array();
  }

  private static byte[] whole(Chunk... chunks) {
    var out = new ByteArrayOutputStream();
    for (Chunk chunk : chunks) {
      var bytes = new WireWriter(chunk.paddedLength());
      chunk.write(bytes);
      out.writeBytes(bytes.array());
    }
    return out.toByteArray();
  }

  private static byte[] with(int first, byte[] rest) {
    byte[] bytes = new byte[1 + rest.length];
    bytes[0] = (byte) first;
    System.arraycopy(rest, 0, bytes, 1, rest.length);
    return bytes;
  }

  private void chunks() throws IOException {
    int number = 0;
    for (Chunk chunk : MalformedInputTest.chunks().toList()) {
      String name = String.valueOf(++number);
      byte[] packet = new byte[PacketHeader.BYTES + chunk.paddedLength()];
      System.arraycopy(whole(chunk), 0, packet, PacketHeader.BYTES, chunk.paddedLength());
      write("PacketFuzz", name, packet);
      byte[] value = value(chunk);
      if (chunk instanceof InitChunk || chunk instanceof InitAckChunk) {
        byte[] parameters = Octets.copyOf(value, 16, value.length - 16).toByteArray();
        write("ParameterFuzz", name, with(chunk instanceof InitChunk ? 0 : 1, parameters));
      } else if (chunk instanceof ReconfigChunk) {
        write("ParameterFuzz", name, with(2, value));
      } else if (chunk instanceof ErrorChunk) {
        write("ErrorCauseFuzz", name, with(0, value));
      } else if (chunk instanceof AbortChunk) {
        write("ErrorCauseFuzz", name, with(2, value));
      }
    }
  }

  private void associations(String target) throws IOException {
    List<Chunk> chunks = MalformedInputTest.chunks().toList();
    InitBody ack =
        HandPeer.only(
                new HandPeer(AssociationOptions.forDataChannels())
                    .sendInit(HandPeer.initBody(HandPeer.TAG, HandPeer.EXTENSIONS)),
                InitAckChunk.class)
            .body();
    var ownTsn = ack.initialTsn();
    for (int start = 0; start < STARTS; start++) {
      for (int options : new int[] {0, 1, 2 + 8, 1 + 32}) {
        var records = new Records(start, options);
        for (Chunk chunk : chunks) {
          if (!(chunk instanceof AbortChunk)) {
            records.packet(0, chunk).time(1);
          }
        }
        records
            .packet(0, new CookieEchoChunk(HandPeer.cookieOf(ack)))
            .packet(0, HandPeer.sack(ownTsn, 100_000))
            .packet(0, HandPeer.sack(ownTsn - 1, 100_000, 2, 3))
            .time(255)
            .time(255);
        for (int i = 0; i < 6; i++) {
          records.packet(
              0,
              (options & 1) == 0
                  ? HandPeer.fragment(INITIAL_TSN + (i * 5) % 6, 1, 0, i == 0 ? 2 : 0, 20)
                  : new IDataChunk(
                      i == 0 ? 2 : 0,
                      INITIAL_TSN + (i * 5) % 6,
                      1,
                      0,
                      i,
                      Octets.copyOf(new byte[9])));
        }
        write(target, "state-" + start + "-options-" + options, records.bytes());
      }
    }
    int number = 0;
    for (Chunk chunk : chunks) {
      var records = new Records(AssociationFuzz.Start.ESTABLISHED_AND_BUSY.ordinal(), 0);
      write(target, "chunk-" + ++number, records.packet(0, chunk).time(255).bytes());
    }
  }

  private void random(String target) throws IOException {
    var random = new SplittableRandom(target.hashCode());
    for (int i = 0; i < 10; i++) {
      byte[] bytes = new byte[40 * (1 + i)];
      random.nextBytes(bytes);
      bytes[0] = (byte) i;
      write(target, "random-" + i, bytes);
    }
  }

  /** Builds an input of {@link AssociationFuzz}. */
  private static final class Records {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Records(int start, int options) {
      out.write(start);
      out.write(options);
    }

    Records packet(int kind, Chunk... chunks) {
      byte[] bytes = whole(chunks);
      out.write(kind);
      out.write(bytes.length >> 8);
      out.write(bytes.length);
      out.writeBytes(bytes);
      return this;
    }

    Records time(int step) {
      out.write(7);
      out.write(step);
      return this;
    }

    byte[] bytes() {
      return out.toByteArray();
    }
  }
}

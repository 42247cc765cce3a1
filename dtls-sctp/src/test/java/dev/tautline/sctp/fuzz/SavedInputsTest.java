package dev.tautline.sctp.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AnsweredAssociationFuzz;
import dev.tautline.sctp.OpenedAssociationFuzz;
import dev.tautline.sctp.rx.DataReassemblyFuzz;
import dev.tautline.sctp.rx.InterleavedReassemblyFuzz;
import dev.tautline.sctp.tx.SendFuzz;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Replays the saved inputs of each fuzz target: seeds, and whatever fuzzing ever found. */
class SavedInputsTest {
  private static final Path DIRECTORY = Path.of("src", "test", "resources", "fuzz");

  static Stream<Arguments> targets() {
    return Stream.of(
        target(PacketFuzz.class, PacketFuzz::fuzzerTestOneInput),
        target(ParameterFuzz.class, ParameterFuzz::fuzzerTestOneInput),
        target(ErrorCauseFuzz.class, ErrorCauseFuzz::fuzzerTestOneInput),
        target(OpenedAssociationFuzz.class, OpenedAssociationFuzz::fuzzerTestOneInput),
        target(AnsweredAssociationFuzz.class, AnsweredAssociationFuzz::fuzzerTestOneInput),
        target(DataReassemblyFuzz.class, DataReassemblyFuzz::fuzzerTestOneInput),
        target(InterleavedReassemblyFuzz.class, InterleavedReassemblyFuzz::fuzzerTestOneInput),
        target(SendFuzz.class, SendFuzz::fuzzerTestOneInput));
  }

  private static Arguments target(Class<?> type, Consumer<byte[]> target) {
    return Arguments.of(type.getSimpleName(), target);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("targets")
  void savedInputsPass(String name, Consumer<byte[]> target) throws IOException {
    target.accept(new byte[0]);
    List<Path> files;
    try (Stream<Path> listed = Files.list(DIRECTORY.resolve(name))) {
      files = listed.sorted().toList();
    }
    assertThat(files).isNotEmpty();
    for (Path file : files) {
      replay(file, Files.readAllBytes(file), target);
    }
  }

  /** Cut and damaged saved inputs: what a fuzzer does, without one, a little of it. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("targets")
  void damagedInputsPass(String name, Consumer<byte[]> target) throws IOException {
    var random = new SplittableRandom(name.hashCode());
    List<Path> files;
    try (Stream<Path> listed = Files.list(DIRECTORY.resolve(name))) {
      files = listed.sorted().toList();
    }
    for (Path file : files) {
      for (int i = 0; i < 10; i++) {
        byte[] bytes = Files.readAllBytes(file);
        for (int damages = 1 + random.nextInt(4); damages > 0 && bytes.length > 0; damages--) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        replay(file, bytes, target);
      }
    }
  }

  private static void replay(Path file, byte[] bytes, Consumer<byte[]> target) {
    try {
      target.accept(bytes);
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(
          file + ", as " + java.util.HexFormat.of().formatHex(bytes) + ": " + e, e);
    }
  }
}

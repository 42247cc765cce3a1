package dev.tautline.interop;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/**
 * What a test needs of the machine. When it is missing, the test is skipped with a sentence that
 * says how to get it; with {@code CI=true} in the environment it fails with the same sentence, so
 * that a build server never passes by testing nothing.
 */
public final class Require {
  private Require() {}

  /** The path of a program on the {@code PATH}, or the end of the test. */
  public static Path program(String name, String debianPackage) {
    String path = System.getenv().getOrDefault("PATH", "");
    for (String folder : path.split(File.pathSeparator)) {
      Path candidate = Path.of(folder, name);
      if (!folder.isEmpty() && Files.isExecutable(candidate)) {
        return candidate;
      }
    }
    throw missing(name + " was not found; Debian: apt-get install " + debianPackage);
  }

  /** Ends the test unless {@code present}. */
  public static void that(boolean present, String sentence) {
    if (!present) {
      throw missing(sentence);
    }
  }

  /** Ends the test; what is returned is never thrown. */
  public static AssertionError missing(String sentence) {
    if ("true".equals(System.getenv("CI"))) {
      fail("missing test peer, and CI=true: " + sentence);
    }
    Assumptions.abort("missing test peer: " + sentence);
    return new AssertionError(sentence);
  }
}

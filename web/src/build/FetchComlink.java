import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Build step: puts npm's unmodified {@code comlink} into the jar when npm is present.
 *
 * <p>Run by Maven as a source file, with the module's folder, the folder for the classes, and
 * whether the file is required under {@code CI=true}. It needs nothing but the JDK. {@code comlink}
 * is on no Maven repository and its code is not copied into this one, so the jar holds it only when
 * it was built where npm is. Without npm, or when npm cannot reach its registry, the step prints
 * one line and succeeds, because nothing but the browser demo needs the file. Under {@code CI=true}
 * a missing file is a failure, except in builds with {@code -Dquick}.
 */
final class FetchComlink {
  private static final long NPM_LIMIT_SECONDS = 120;
  private static final Pattern INTEGRITY =
      Pattern.compile(
          "\"node_modules/comlink\"\\s*:\\s*\\{[^}]*?\"integrity\"\\s*:\\s*\"([^\"]+)\"");

  public static void main(String[] args) throws IOException, InterruptedException {
    Path module = Path.of(args[0]);
    Path vendor = Path.of(args[1]).resolve("dev/tautline/web/vendor");
    String problem = installed(module) ? null : install(module);
    if (problem == null) {
      copy(module, vendor);
      return;
    }
    if (args[2].equals("required") && "true".equals(System.getenv("CI"))) {
      System.err.println("[tautline-web] comlink is required under CI=true: " + problem);
      System.exit(1);
    }
    System.out.println(
        "[tautline-web] built without npm comlink ("
            + problem
            + "); only the browser demo needs"
            + " it");
  }

  /** Whether node_modules holds the version that the lock file pins. */
  private static boolean installed(Path module) throws IOException {
    Path have = module.resolve("node_modules/.package-lock.json");
    return Files.exists(module.resolve("node_modules/comlink/dist/esm/comlink.min.mjs"))
        && Files.exists(have)
        && integrity(have).equals(integrity(module.resolve("package-lock.json")));
  }

  private static String integrity(Path lock) throws IOException {
    Matcher matcher = INTEGRITY.matcher(Files.readString(lock, StandardCharsets.UTF_8));
    return matcher.find() ? matcher.group(1) : "none in " + lock;
  }

  /** Runs {@code npm ci}; returns what went wrong, or null. */
  private static String install(Path module) throws IOException, InterruptedException {
    boolean windows = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");
    List<String> command = new ArrayList<>();
    if (windows) {
      // npm is a command script there, which only the shell can start.
      command.addAll(List.of("cmd", "/c"));
    }
    command.addAll(
        List.of("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"));
    // Without a network the answer comes after seconds, not after npm's minutes.
    command.addAll(
        List.of("--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"));
    Path log = Files.createTempFile("tautline-npm", ".log");
    try {
      Process npm;
      try {
        npm =
            new ProcessBuilder(command)
                .directory(module.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
      } catch (IOException e) {
        return "npm was not found";
      }
      npm.getOutputStream().close();
      if (!npm.waitFor(NPM_LIMIT_SECONDS, TimeUnit.SECONDS)) {
        npm.descendants().forEach(ProcessHandle::destroyForcibly);
        npm.destroyForcibly().waitFor();
        return "npm ci did not end within " + NPM_LIMIT_SECONDS + " s";
      }
      if (npm.exitValue() == 0 && installed(module)) {
        return null;
      }
      List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
      String first =
          lines.stream().filter(line -> line.contains("error")).findFirst().orElse("no message");
      return "npm ci ended with " + npm.exitValue() + ": " + first;
    } finally {
      Files.deleteIfExists(log);
    }
  }

  private static void copy(Path module, Path vendor) throws IOException {
    Path comlink = module.resolve("node_modules/comlink");
    Files.createDirectories(vendor);
    copyIfChanged(comlink.resolve("dist/esm/comlink.min.mjs"), vendor.resolve("comlink.mjs"));
    copyIfChanged(comlink.resolve("LICENSE"), vendor.resolve("comlink.LICENSE.txt"));
  }

  private static void copyIfChanged(Path from, Path to) throws IOException {
    if (!Files.exists(to) || Files.mismatch(from, to) != -1) {
      Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}

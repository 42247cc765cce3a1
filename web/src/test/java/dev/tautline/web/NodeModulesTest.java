package dev.tautline.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Runs the tests of the ES modules with Node's own test runner. Where Node is missing there is
 * nothing to run them, which is a failure under {@code CI=true}.
 */
class NodeModulesTest {
  private static final long LIMIT_SECONDS = 180;

  @Test
  void modulesPassTheirTestsInNode() throws IOException, InterruptedException {
    boolean present = onPath("node") && WebResources.hasComlink();
    assumeTrue(
        present || "true".equals(System.getenv("CI")),
        "Node.js 20 or newer, or npm's comlink, is missing: the modules were not tested");
    assertThat(present).as("Node.js and npm's comlink, required under CI=true").isTrue();

    List<String> command = new ArrayList<>(List.of("node", "--test", "--test-reporter=tap"));
    try (Stream<Path> files = Files.list(Path.of("src/test/node"))) {
      files.map(Path::toString).filter(f -> f.endsWith(".test.mjs")).sorted().forEach(command::add);
    }
    Path log = Path.of("target", "node-tests.log");
    Process node =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    node.getOutputStream().close();
    boolean ended = node.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
    if (!ended) {
      node.descendants().forEach(ProcessHandle::destroyForcibly);
      node.destroyForcibly().waitFor();
    }

    String output = Files.readString(log, StandardCharsets.UTF_8);
    assertThat(ended).as("ended within %s s; %s", LIMIT_SECONDS, output).isTrue();
    assertThat(node.exitValue()).as(output).isZero();
    assertThat(output).containsPattern("# pass [1-9]").contains("# fail 0");
  }

  private static boolean onPath(String program) {
    String path = System.getenv().getOrDefault("PATH", "");
    return Arrays.stream(path.split(File.pathSeparator))
        .map(folder -> new File(folder, program))
        .anyMatch(file -> file.canExecute() || new File(file.getPath() + ".exe").canExecute());
  }
}

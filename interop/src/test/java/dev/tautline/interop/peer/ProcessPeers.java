package dev.tautline.interop.peer;

import dev.tautline.interop.ChildProcess;
import dev.tautline.interop.Require;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Starts other stacks in processes of their own. */
public final class ProcessPeers {
  private static final List<String> FILES =
      List.of(
          "package.json",
          "package-lock.json",
          "peer.mjs",
          "node-peer.mjs",
          "aiortc_peer.py",
          "pion_peer.go");
  private static final long INSTALL_SECONDS = 180;

  /** Debian's Go packages are sources in this GOPATH. */
  private static final Path GO_SOURCES = Path.of("/usr/share/gocode");

  private ProcessPeers() {}

  /** A stack that runs as a process. */
  public enum Stack {
    /** Pure TypeScript, from npm. */
    WERIFT("werift"),
    /** libdatachannel under Node, from npm. */
    NODE_DATACHANNEL("node-datachannel"),
    /** Python, from Debian. */
    AIORTC("aiortc"),
    /** Go, from Debian. */
    PION("pion");

    private final String packageName;

    Stack(String packageName) {
      this.packageName = packageName;
    }

    @Override
    public String toString() {
      return packageName;
    }
  }

  /** Starts a peer of this stack. */
  public static ForeignPeer start(Stack stack) {
    Path folder = folder();
    List<String> command;
    if (stack == Stack.AIORTC) {
      // Debian's Python, as its package installs for no other.
      Path python = Path.of("/usr/bin/python3");
      Require.that(
          Files.isExecutable(python)
              && Files.isDirectory(Path.of("/usr/lib/python3/dist-packages/aiortc")),
          "aiortc was not found; Debian: apt-get install python3-aiortc");
      command = List.of(python.toString(), "aiortc_peer.py");
    } else if (stack == Stack.PION) {
      command = List.of(buildPion(folder).toString());
    } else {
      Path node = Require.program("node", "nodejs");
      install(folder);
      command = List.of(node.toString(), "node-peer.mjs", stack.packageName);
    }
    var carrier = new ProcessCarrier();
    var peer = new ForeignPeer(stack.packageName, carrier);
    carrier.process.complete(ChildProcess.start(stack.packageName, folder, command, peer::receive));
    return peer.create();
  }

  private static final class ProcessCarrier implements ForeignPeer.Carrier {
    final CompletableFuture<ChildProcess> process = new CompletableFuture<>();

    @Override
    public void send(String line) {
      process.join().writeLine(line);
    }

    @Override
    public void close() {
      process.join().close();
    }

    @Override
    public String diagnosis() {
      return process.join().lastOutput();
    }
  }

  /** Where the scripts and their packages lie: below the build folder. */
  private static synchronized Path folder() {
    Path folder = Path.of(System.getProperty("interop.work", "target/interop"), "peers");
    try {
      Files.createDirectories(folder);
      for (String file : FILES) {
        try (InputStream in = ProcessPeers.class.getResourceAsStream("/peers/" + file)) {
          if (in == null) {
            throw new IllegalStateException("no resource /peers/" + file);
          }
          Files.copy(in, folder.resolve(file), StandardCopyOption.REPLACE_EXISTING);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return folder;
  }

  /** Compiles the peer from its source and Debian's packages; Go keeps what it compiled. */
  private static synchronized Path buildPion(Path folder) {
    Path go = Require.program("go", "golang-go");
    Require.that(
        Files.isDirectory(GO_SOURCES.resolve("src/github.com/pion/webrtc")),
        "pion was not found; Debian: apt-get install golang-github-pion-webrtc.v3-dev");
    try {
      // In GOPATH mode an import path may end in a version only where the importer has a go.mod.
      Path workspace = folder.resolve("go");
      Path source = Files.createDirectories(workspace.resolve("src/pionpeer"));
      Files.copy(
          folder.resolve("pion_peer.go"),
          source.resolve("main.go"),
          StandardCopyOption.REPLACE_EXISTING);
      Files.writeString(source.resolve("go.mod"), "module pionpeer\n");
      Path binary = workspace.resolve("pion-peer");
      var command = new ArrayList<>(List.of("env", "GO111MODULE=off", "GOFLAGS="));
      command.add("GOPATH=" + workspace.toAbsolutePath() + ":" + GO_SOURCES);
      command.addAll(
          List.of(go.toString(), "build", "-o", binary.toAbsolutePath().toString(), "."));
      ChildProcess.run("go build", source, command, INSTALL_SECONDS);
      return binary.toAbsolutePath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Installs exactly what the lock file names, once for each state of it. */
  private static synchronized void install(Path folder) {
    Path npm = Require.program("npm", "npm");
    Path installed = folder.resolve("node_modules/.installed-lock.json");
    Path lock = folder.resolve("package-lock.json");
    try {
      if (Files.exists(installed) && Files.mismatch(installed, lock) == -1) {
        return;
      }
      var command = new ArrayList<>(List.of(npm.toString(), "ci"));
      // No package's scripts run; the one native library comes inside a package.
      command.addAll(List.of("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"));
      ChildProcess.run("npm", folder, command, INSTALL_SECONDS);
      Files.copy(lock, installed, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

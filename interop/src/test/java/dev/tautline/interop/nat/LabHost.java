package dev.tautline.interop.nat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tautline.interop.ChildProcess;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A process with one of our peers in a host of the laboratory. */
public final class LabHost implements AutoCloseable {
  private static final int READY_SECONDS = 60;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final NetLab.Host host;
  private final ChildProcess process;
  private final CountDownLatch ready = new CountDownLatch(1);
  private final Map<Integer, Consumer<JsonNode>> sessions = new ConcurrentHashMap<>();

  /** Starts it. */
  public LabHost(NetLab.Host host) {
    this(host, List.of());
  }

  /**
   * Starts it.
   *
   * @param environment its variables, such as {@code TAUTLINE_UDP_PORT=4000}
   */
  public LabHost(NetLab.Host host, List<String> environment) {
    this.host = host;
    List<String> command = new ArrayList<>(List.of("env"));
    command.addAll(environment);
    command.addAll(java(LabPeer.class));
    process =
        ChildProcess.start(
            "peer in " + host.namespace(), Path.of("."), host.command(command), this::line);
  }

  /** The command that runs a class of these tests in a process of its own. */
  static List<String> java(Class<?> main, String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    command.addAll(List.of(arguments));
    return command;
  }

  /** Where it runs. */
  public NetLab.Host host() {
    return host;
  }

  /** Waits until the process takes commands. */
  public void awaitReady() throws InterruptedException {
    if (!ready.await(READY_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("not ready\n" + process.lastOutput());
    }
  }

  /** Sends the events of a session here. */
  public void listen(int session, Consumer<JsonNode> events) {
    sessions.put(session, events);
  }

  /** A command with fields of its own. */
  public void tell(int session, String command, ObjectNode fields) {
    fields.put("session", session).put("do", command);
    try {
      process.writeLine(JSON.writeValueAsString(fields));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What it printed last. */
  public String lastOutput() {
    return process.lastOutput();
  }

  private void line(String line) {
    if (!line.startsWith("{")) {
      return;
    }
    JsonNode event;
    try {
      event = JSON.readTree(line);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(line, e);
    }
    if (event.get("event").asText().equals("ready")) {
      ready.countDown();
      return;
    }
    Consumer<JsonNode> session = sessions.get(event.get("session").asInt());
    if (session != null) {
      session.accept(event);
    }
  }

  @Override
  public void close() {
    process.close();
  }
}

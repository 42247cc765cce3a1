package dev.tautline.cli;

import dev.tautline.signalling.server.RoomsServer;
import dev.tautline.signalling.server.RoomsServerOptions;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the rooms server until it is stopped. */
@Command(
    name = "serve",
    description = "Run the rooms server, through which two peers find each other.",
    mixinStandardHelpOptions = true)
final class ServeCommand implements Callable<Integer> {
  @Option(
      names = "--bind",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description = "Address to listen on (default: ${DEFAULT-VALUE}, this machine only).")
  private String bind = "127.0.0.1";

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "8080",
      description = "Port to listen on, 0 for any free one (default: ${DEFAULT-VALUE}).")
  private int port = 8080;

  @Override
  public Integer call() throws InterruptedException {
    Ports.check(port);
    var stopped = new CountDownLatch(1);
    try (RoomsServer server =
        RoomsServer.start(RoomsServerOptions.builder().bindAddress(bind).port(port).build())) {
      Runtime.getRuntime().addShutdownHook(new Thread(stopped::countDown, "stop"));
      System.out.println("rooms server on " + ServerUri.text(server.uri()) + " (Ctrl-C stops it)");
      stopped.await();
    }
    return 0;
  }
}

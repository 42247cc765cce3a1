package dev.tautline.cli;

import dev.tautline.stun.netty.StunBindingServer;
import java.net.InetSocketAddress;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the small STUN server until it is stopped. */
@Command(
    name = "stun-server",
    description = "Run a STUN server over UDP: it tells peers the address they are seen with.",
    mixinStandardHelpOptions = true)
final class StunServerCommand implements Callable<Integer> {
  @Option(
      names = "--bind",
      paramLabel = "ADDRESS",
      defaultValue = "0.0.0.0",
      description =
          "Address to listen on (default: ${DEFAULT-VALUE}, every IPv4 address; \"::\" for all).")
  private String bind = "0.0.0.0";

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "3478",
      description = "Port to listen on, 0 for any free one (default: ${DEFAULT-VALUE}).")
  private int port = 3478;

  @Override
  public Integer call() throws InterruptedException {
    Ports.check(port);
    var address = new InetSocketAddress(bind, port);
    if (address.isUnresolved()) {
      throw new CommandFailure(
          "\"" + bind + "\" is no address of this host; choose another --bind");
    }
    var stopped = new CountDownLatch(1);
    try (StunBindingServer server = StunBindingServer.start(address).get()) {
      Runtime.getRuntime().addShutdownHook(new Thread(stopped::countDown, "stop"));
      InetSocketAddress at = server.address();
      System.out.println(
          "STUN server on "
              + HostPort.text(at.getAddress().getHostAddress(), at.getPort())
              + " (Ctrl-C stops it)");
      stopped.await();
    } catch (ExecutionException e) {
      throw new CommandFailure(
          "The address "
              + HostPort.text(bind, port)
              + " cannot be used: "
              + CommandFailure.sentence(e)
              + "; choose another --bind or --port",
          e);
    }
    return 0;
  }
}

package dev.tautline.cli;

import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.Tautline;
import dev.tautline.rpc.JsException;
import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.Remote;
import dev.tautline.rpc.Rpc;
import dev.tautline.rpc.RpcConnection;
import dev.tautline.rpc.RpcException;
import dev.tautline.rpc.endpoint.datachannel.DataChannelEndpoint;
import dev.tautline.signalling.client.Room;
import dev.tautline.signalling.client.RoomOptions;
import dev.tautline.web.WebResources;
import java.io.PrintStream;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** The demo with a page in the place of one JVM: each drives the other with npm's comlink. */
final class BrowserDemo {
  /** A person is slower than a machine. */
  private static final int PATIENCE = 20;

  /** The page gives up asking after two minutes and says so; this is for a page that does not. */
  private static final Duration CONSENT = Duration.ofSeconds(150);

  private static final int COLOURS = 24;
  private static final long COLOUR_MILLIS = 60;

  private final PrintStream out;

  BrowserDemo(PrintStream out) {
    this.out = out;
  }

  int run(URI server, String room, Limit limit) throws InterruptedException {
    if (!WebResources.hasComlink()) {
      throw new CommandFailure(WebResources.howToGetComlink());
    }
    Limit patient = new Limit(limit.duration().multipliedBy(PATIENCE));
    try (Tautline tautline = Tautline.create()) {
      CompletableFuture<Room> joining =
          Room.join(
              RoomOptions.builder(server, room, tautline)
                  .connectionOptions(PeerConnectionOptions.builder().includeLoopback(true).build())
                  .joinTimeout(patient.duration())
                  .build());
      out.println("open " + ServerUri.text(server) + WebResources.DEMO_PAGE + "?room=" + room);
      out.println("waiting for the page ...");
      try (Room joined = patient.outcome(joining, "Meeting the page")) {
        return withPage(joined, limit);
      }
    }
  }

  private int withPage(Room room, Limit limit) throws InterruptedException {
    RpcConnection connection = Rpc.connect(DataChannelEndpoint.of(room.channel()));
    connection.expose(PageApi.class, new Desk(out));
    Remote page = connection.remote();
    out.println("the page is here; it can call this JVM now, and this JVM calls the page");
    try {
      showColours(page, limit);
      takeWindow(page);
      out.println("press the page's buttons; close or leave the page to end");
    } catch (CommandFailure e) {
      boolean pageHasLeft =
          e.getCause() != null
              && CommandFailure.unwrap(e.getCause()) instanceof RpcException gone
              && gone.code() == RpcException.Code.CLOSED;
      if (!pageHasLeft) {
        throw e;
      }
    }
    try {
      room.channel().closed().join();
    } catch (CompletionException e) {
      out.println("the connection ended: " + Main.oneLine(CommandFailure.sentence(e)));
      return 0;
    }
    out.println("the page has left");
    return 0;
  }

  private void showColours(Remote page, Limit limit) throws InterruptedException {
    String advice = "reload the page and run this again";
    limit.await(
        page.call("log", "hello from JVM process " + ProcessHandle.current().pid()),
        "Logging in the page",
        advice);
    for (int i = 0; i <= COLOURS; i++) {
      int[] colour = wheel((double) i / COLOURS);
      limit.await(
          page.call("changeBackgroundColor", colour[0], colour[1], colour[2])
              .thenCompose(done -> after(COLOUR_MILLIS)),
          "Changing the page's colour",
          advice);
    }
    out.println("changed the page's colour " + (COLOURS + 1) + " times");
  }

  private void takeWindow(Remote page) throws InterruptedException {
    out.println("asked the page for its window: answer in the page");
    try {
      JsValue window = page.withDeadline(CONSENT).call("getWindow").get();
      Remote remote = window.asRemote();
      remote.set("driven by a JVM", "document", "title").get();
      String title = remote.get("document", "title").get().asString();
      out.println("the page's title is now: " + Main.oneLine(title));
    } catch (ExecutionException e) {
      Throwable cause = CommandFailure.unwrap(e);
      if (cause instanceof JsException refusal) {
        out.println("no window: " + Main.oneLine(refusal.message()));
      } else {
        throw new CommandFailure(
            "Asking for the page's window failed: " + CommandFailure.sentence(e), e);
      }
    }
  }

  private static CompletableFuture<Void> after(long millis) {
    return CompletableFuture.runAsync(
        () -> {}, CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS));
  }

  /** A colour of the colour wheel, at {@code turn} from 0 to 1, bright enough to read on. */
  private static int[] wheel(double turn) {
    int[] colour = new int[3];
    for (int i = 0; i < 3; i++) {
      double angle = 2 * Math.PI * (turn + i / 3.0);
      colour[i] = (int) Math.round(200 + 55 * Math.cos(angle));
    }
    return colour;
  }

  /** What the page calls; each call leaves a line on the terminal. */
  private static final class Desk extends DemoObject implements PageApi {
    private final PrintStream out;

    Desk(PrintStream out) {
      this.out = out;
    }

    @Override
    public String greeting() {
      out.println("the page reads greeting");
      return super.greeting();
    }

    @Override
    public void greeting(String text) {
      out.println("the page writes greeting = " + Main.oneLine(text));
      super.greeting(text);
    }

    @Override
    public int add(int a, int b) {
      out.println("the page calls add(" + a + ", " + b + ")");
      return super.add(a, b);
    }

    @Override
    public CompletableFuture<Integer> sum(int upTo, DemoApi.Doubler doubler) {
      out.println("the page calls sum(" + upTo + ", a function of the page)");
      return super.sum(upTo, doubler);
    }

    @Override
    public DemoApi.Counter counter(int start) {
      out.println("the page makes a Counter at " + start);
      DemoApi.Counter counter = super.counter(start);
      return () -> {
        int next = counter.next();
        out.println("the page's Counter goes to " + next);
        return next;
      };
    }

    @Override
    public int divide(int dividend, int divisor) {
      out.println("the page calls divide(" + dividend + ", " + divisor + ")");
      return super.divide(dividend, divisor);
    }

    @Override
    public void changeBackgroundColor(int red, int green, int blue) {
      out.println("the page's sliders are at " + red + ", " + green + ", " + blue);
    }

    @Override
    public void log(String text) {
      out.println("the page says: " + Main.oneLine(text));
    }
  }
}

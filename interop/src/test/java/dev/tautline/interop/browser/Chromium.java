package dev.tautline.interop.browser;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tautline.interop.ChildProcess;
import dev.tautline.interop.Require;
import dev.tautline.interop.peer.ForeignPeer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A headless Chromium with a profile of its own, and a server for its pages. Closing ends every
 * process that it started.
 */
public final class Chromium implements AutoCloseable {
  /** How pages name this machine's addresses to their peers. */
  public enum LocalAddresses {
    /** Chromium's default without media permission: a random name under {@code .local}. */
    MDNS_NAMES,
    /** As they are. */
    PLAIN
  }

  /** What a page does when its tab is closed. */
  public enum Farewell {
    /** It closes its peer connection, as a page should that handles {@code pagehide}. */
    CLOSES,
    /** Nothing; Chromium then ends the tab's process without sending anything. */
    NONE
  }

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern STARTED = Pattern.compile("started successfully on port (\\d+)");
  private static final long START_SECONDS = 30;
  private static final AtomicInteger PEERS = new AtomicInteger();

  private final ChildProcess process;
  private final WebDriver driver;
  private final PageServer pages;
  private final Path profile;

  private Chromium(ChildProcess process, WebDriver driver, PageServer pages, Path profile) {
    this.process = process;
    this.driver = driver;
    this.pages = pages;
    this.profile = profile;
  }

  /** Starts it, or ends the test with a sentence about what is missing. */
  public static Chromium start(LocalAddresses addresses, String... moreArguments) {
    Path chromium = Require.program("chromium", "chromium");
    Path chromedriver = Require.program("chromedriver", "chromium-driver");
    var port = new CompletableFuture<Integer>();
    Path profile;
    try {
      profile = Files.createTempDirectory("chromium-profile");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    ChildProcess process =
        ChildProcess.start(
            "chromedriver",
            profile,
            List.of(chromedriver.toString(), "--port=0"),
            line -> {
              Matcher started = STARTED.matcher(line);
              if (started.find()) {
                port.complete(Integer.valueOf(started.group(1)));
              }
            });
    PageServer pages = PageServer.start();
    try {
      var driver =
          new WebDriver(
              URI.create("http://localhost:" + port.get(START_SECONDS, TimeUnit.SECONDS)));
      driver.newSession(capabilities(chromium, profile, addresses, List.of(moreArguments)));
      return new Chromium(process, driver, pages, profile);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      pages.close();
      process.close();
      throw new AssertionError("interrupted while chromedriver started", e);
    } catch (ExecutionException | TimeoutException | RuntimeException | AssertionError e) {
      pages.close();
      process.close();
      throw new AssertionError("Chromium did not start\n" + process.lastOutput(), e);
    }
  }

  private static ObjectNode capabilities(
      Path chromium, Path profile, LocalAddresses addresses, List<String> moreArguments) {
    var arguments =
        new ArrayList<>(
            List.of(
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                "--no-default-browser-check",
                // Tabs in the background keep their timers.
                "--disable-background-timer-throttling",
                "--disable-renderer-backgrounding",
                "--disable-backgrounding-occluded-windows",
                "--user-data-dir=" + profile));
    if (addresses == LocalAddresses.PLAIN) {
      arguments.add("--disable-features=WebRtcHideLocalIpsWithMdns");
    }
    arguments.addAll(moreArguments);
    ObjectNode capabilities = JSON.createObjectNode();
    capabilities.put("browserName", "chrome");
    ObjectNode options = capabilities.putObject("goog:chromeOptions");
    options.put("binary", chromium.toString());
    ArrayNode list = options.putArray("args");
    arguments.forEach(list::add);
    return capabilities;
  }

  /** The driver, for tests that use a page of their own. */
  public WebDriver driver() {
    return driver;
  }

  /** Opens a tab with a peer connection in it; closing the peer closes the tab. */
  public ForeignPeer openPeer() {
    return openPeer(Farewell.CLOSES);
  }

  /** As {@link #openPeer()}, with or without a farewell. */
  public ForeignPeer openPeer(Farewell farewell) {
    String id = String.format(Locale.ROOT, "p%d", PEERS.incrementAndGet());
    var carrier = new PageCarrier(id);
    var peer = new ForeignPeer("Chromium " + id, carrier);
    carrier.open(pages.register(id, peer), farewell == Farewell.NONE ? "&silent" : "");
    return peer.create();
  }

  /** Saves what the present tab shows; for a person who wonders why a test failed. */
  public Path screenshot(String name) {
    try {
      Path folder = Path.of(System.getProperty("interop.work", "target/interop"));
      Files.createDirectories(folder);
      return Files.write(folder.resolve(name + ".png"), driver.screenshot());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      driver.quit();
    } finally {
      // Also when the driver no longer answers.
      process.close();
      pages.close();
      deleteProfile();
    }
  }

  private void deleteProfile() {
    try (Stream<Path> files = Files.walk(profile)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | UncheckedIOException e) {
      // A process that is about to end still wrote into it: the system's cleaning of temporary
      // files takes the rest.
      profile.toFile().deleteOnExit();
    }
  }

  private final class PageCarrier implements ForeignPeer.Carrier {
    private final String id;
    private final CompletableFuture<BlockingQueue<String>> commands = new CompletableFuture<>();
    private String tab = "";

    PageCarrier(String id) {
      this.id = id;
    }

    void open(BlockingQueue<String> queue, String parameters) {
      commands.complete(queue);
      tab = driver.newTab();
      driver.navigate(tab, pages.uri("/page.html?peer=" + id + parameters));
    }

    @Override
    public void send(String line) {
      commands.join().add(line);
    }

    @Override
    public void close() {
      pages.unregister(id);
      if (driver.tabs().contains(tab)) {
        driver.closeTab(tab);
      }
    }

    @Override
    public String diagnosis() {
      return "screenshot: " + screenshot("chromium-" + id);
    }
  }
}

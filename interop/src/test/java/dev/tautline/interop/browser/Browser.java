package dev.tautline.interop.browser;

import dev.tautline.interop.ChildProcess;
import dev.tautline.interop.peer.ForeignPeer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A headless browser with a profile of its own, and a server for its pages. Closing ends every
 * process that it started and deletes the profile.
 */
public abstract class Browser implements AutoCloseable {
  /** How pages name this machine's addresses to their peers. */
  public enum LocalAddresses {
    /** The browsers' default without media permission: a random name under {@code .local}. */
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

  private static final AtomicInteger PEERS = new AtomicInteger();

  private final String name;
  private final ChildProcess process;
  private final BrowserDriver driver;
  private final PageServer pages = PageServer.start();
  private final Path profile;

  Browser(String name, ChildProcess process, BrowserDriver driver, Path profile) {
    this.name = name;
    this.process = process;
    this.driver = driver;
    this.profile = profile;
  }

  /** A folder for a profile, which {@link #delete} takes away. */
  static Path newProfile(String name) {
    try {
      return Files.createTempDirectory(name + "-profile");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The driver, for tests that use a page of their own. */
  public final BrowserDriver driver() {
    return driver;
  }

  /** Opens a tab with a peer connection in it; closing the peer closes the tab. */
  public final ForeignPeer openPeer() {
    return openPeer(Farewell.CLOSES);
  }

  /** As {@link #openPeer()}, with or without a farewell. */
  public final ForeignPeer openPeer(Farewell farewell) {
    String id = String.format(Locale.ROOT, "p%d", PEERS.incrementAndGet());
    var carrier = new PageCarrier(id);
    var peer = new ForeignPeer(name + " " + id, carrier);
    carrier.open(pages.register(id, peer::receive), farewell == Farewell.NONE ? "&silent" : "");
    return peer.create();
  }

  /** Opens a tab for a peer that somebody else drives; the lines that it says go to {@code out}. */
  public final ForeignPeer.Carrier openCarrier(Consumer<String> out) {
    String id = String.format(Locale.ROOT, "p%d", PEERS.incrementAndGet());
    var carrier = new PageCarrier(id);
    carrier.open(pages.register(id, out), "");
    return carrier;
  }

  /** Saves what the present tab shows; for a person who wonders why a test failed. */
  public final Path screenshot(String file) {
    try {
      Path folder = Path.of(System.getProperty("interop.work", "target/interop"));
      Files.createDirectories(folder);
      return Files.write(folder.resolve(file + ".png"), driver.screenshot());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public final void close() {
    try {
      driver.quit();
    } finally {
      // Also when the driver no longer answers.
      process.close();
      pages.close();
      delete(profile);
    }
  }

  /** Takes a profile away. */
  static void delete(Path profile) {
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
      return "screenshot: " + screenshot(name.toLowerCase(Locale.ROOT) + "-" + id);
    }
  }
}

package dev.tautline.interop.browser;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tautline.interop.ChildProcess;
import dev.tautline.interop.Require;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A headless Chromium, driven through ChromeDriver. */
public final class Chromium extends Browser {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern STARTED = Pattern.compile("started successfully on port (\\d+)");
  private static final long START_SECONDS = 30;

  private Chromium(ChildProcess process, BrowserDriver driver, Path profile) {
    super("Chromium", process, driver, profile);
  }

  /** Starts it, or ends the test with a sentence about what is missing. */
  public static Chromium start(LocalAddresses addresses, String... moreArguments) {
    Path chromium = Require.program("chromium", "chromium");
    Path chromedriver = Require.program("chromedriver", "chromium-driver");
    var port = new CompletableFuture<Integer>();
    Path profile = newProfile("chromium");
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
    try {
      var driver =
          new WebDriver(
              URI.create("http://localhost:" + port.get(START_SECONDS, TimeUnit.SECONDS)));
      driver.newSession(capabilities(chromium, profile, addresses, List.of(moreArguments)));
      return new Chromium(process, driver, profile);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.close();
      delete(profile);
      throw new AssertionError("interrupted while chromedriver started", e);
    } catch (ExecutionException | TimeoutException | RuntimeException | AssertionError e) {
      process.close();
      delete(profile);
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
}

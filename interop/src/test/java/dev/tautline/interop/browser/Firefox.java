package dev.tautline.interop.browser;

import dev.tautline.interop.ChildProcess;
import dev.tautline.interop.Require;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A headless Firefox, driven through WebDriver BiDi, which it speaks itself. */
public final class Firefox extends Browser {
  private static final Pattern LISTENING =
      Pattern.compile("WebDriver BiDi listening on (ws://\\S+)");
  private static final long START_SECONDS = 40;

  private Firefox(ChildProcess process, BrowserDriver driver, Path profile) {
    super("Firefox", process, driver, profile);
  }

  /** Starts it, or ends the test with a sentence about what is missing. */
  public static Firefox start(LocalAddresses addresses, String... moreArguments) {
    Path firefox = Require.program("firefox", "firefox-esr");
    Path profile = newProfile("firefox");
    writePreferences(profile.resolve("user.js"), addresses);
    var arguments =
        new ArrayList<>(
            List.of(
                firefox.toString(),
                "--headless",
                // A process of its own, even where this user has Firefox open.
                "--no-remote",
                "--remote-debugging-port=0",
                "--profile",
                profile.toString()));
    arguments.addAll(List.of(moreArguments));
    var address = new CompletableFuture<String>();
    Consumer<String> listening =
        line -> {
          Matcher matcher = LISTENING.matcher(line);
          if (matcher.find()) {
            address.complete(matcher.group(1));
          }
        };
    ChildProcess process = ChildProcess.start("firefox", profile, arguments, listening, listening);
    try {
      URI server = URI.create(address.get(START_SECONDS, TimeUnit.SECONDS) + "/session");
      return new Firefox(process, BiDiDriver.connect(server), profile);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.close();
      delete(profile);
      throw new AssertionError("interrupted while Firefox started", e);
    } catch (ExecutionException | TimeoutException | RuntimeException | AssertionError e) {
      process.close();
      delete(profile);
      throw new AssertionError("Firefox did not start\n" + process.lastOutput(), e);
    }
  }

  /**
   * What is set beside the preferences that Firefox itself sets while it is driven (no first-run
   * pages, no update, no telemetry): nothing asks the network for anything, and tabs in the
   * background keep their timers.
   */
  private static void writePreferences(Path file, LocalAddresses addresses) {
    var preferences = new LinkedHashMap<String, String>();
    preferences.put("app.normandy.enabled", "false");
    preferences.put("app.update.disabledForTesting", "true");
    preferences.put("browser.aboutwelcome.enabled", "false");
    preferences.put("browser.newtabpage.enabled", "false");
    preferences.put("browser.region.network.url", "\"\"");
    preferences.put("browser.safebrowsing.update.enabled", "false");
    preferences.put("browser.shell.checkDefaultBrowser", "false");
    preferences.put("browser.startup.page", "0");
    preferences.put("browser.tabs.unloadOnLowMemory", "false");
    preferences.put("datareporting.policy.dataSubmissionEnabled", "false");
    preferences.put("dom.min_background_timeout_value", "4");
    preferences.put("dom.timeout.enable_budget_timer_throttling", "false");
    preferences.put("extensions.update.enabled", "false");
    preferences.put("messaging-system.rsexperimentloader.enabled", "false");
    preferences.put("network.captive-portal-service.enabled", "false");
    preferences.put("network.connectivity-service.enabled", "false");
    preferences.put("network.dns.disablePrefetch", "true");
    preferences.put("media.gmp-manager.updateEnabled", "false");
    preferences.put("nimbus.rollouts.enabled", "false");
    preferences.put("services.settings.server", "\"data:,#remote-settings-dummy/v1\"");
    preferences.put("toolkit.telemetry.enabled", "false");
    preferences.put(
        "media.peerconnection.ice.obfuscate_host_addresses",
        Boolean.toString(addresses == LocalAddresses.MDNS_NAMES));
    var lines = new ArrayList<String>();
    for (Map.Entry<String, String> preference : preferences.entrySet()) {
      lines.add("user_pref(\"" + preference.getKey() + "\", " + preference.getValue() + ");");
    }
    try {
      Files.write(file, lines);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package dev.tautline.interop.nat;

import dev.tautline.interop.browser.Browser;
import dev.tautline.interop.browser.Browser.LocalAddresses;
import dev.tautline.interop.browser.Chromium;
import dev.tautline.interop.browser.Firefox;
import java.io.IOException;

/**
 * A browser in a host of the laboratory, with its driver and the server of its pages, which it
 * reaches by that host's loopback address.
 */
final class LabBrowser {
  /** Which one. */
  enum Kind {
    /** Driven through ChromeDriver. */
    CHROMIUM,
    /** Driven through WebDriver BiDi. */
    FIREFOX
  }

  private LabBrowser() {}

  /** Runs until the standard input ends; the argument is a {@link Kind}. */
  public static void main(String[] arguments) throws IOException {
    try (Browser browser =
        Kind.valueOf(arguments[0]) == Kind.CHROMIUM
            ? Chromium.start(LocalAddresses.MDNS_NAMES)
            : Firefox.start(LocalAddresses.MDNS_NAMES)) {
      LabPeers.serve(browser::openCarrier);
    }
  }
}

package dev.tautline.interop.browser;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.util.List;

/**
 * What these tests need of a remote control, whichever protocol a browser speaks. There is one
 * present tab, to which the methods without a handle refer.
 *
 * <p>Thread rule: any thread.
 */
public interface BrowserDriver {
  /** Opens a tab, makes it the present one and returns its handle. */
  String newTab();

  /** Makes a tab the present one. */
  void switchTo(String handle);

  /** The handle of the present tab. */
  String currentTab();

  /** Closes a tab. */
  void closeTab(String handle);

  /** Loads a page in the present tab and waits until it is loaded. */
  void navigate(URI page);

  /** Loads a page in a tab. */
  default void navigate(String handle, URI page) {
    synchronized (this) {
      switchTo(handle);
      navigate(page);
    }
  }

  /**
   * Runs a script in every page that the present tab loads from now on, before the page's own ones.
   */
  void beforeEveryPage(String script);

  /** Runs a function body with {@code arguments} and returns its value; promises are awaited. */
  JsonNode execute(String script, Object... arguments);

  /** Runs a function body in a tab. */
  default JsonNode executeIn(String handle, String script, Object... arguments) {
    synchronized (this) {
      switchTo(handle);
      return execute(script, arguments);
    }
  }

  /** Clicks on the first element that the CSS selector finds in the present tab. */
  void click(String selector);

  /** The present tab as PNG. */
  byte[] screenshot();

  /** The handles of all tabs. */
  List<String> tabs();

  /** Ends the session, and with it the browser. */
  void quit();
}

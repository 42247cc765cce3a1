package dev.tautline.web;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The files that a rooms server gives to a browser, from the class path.
 *
 * <p>A path here is the path of the request: {@code /demo/index.html}, {@code
 * /js/channel-endpoint.mjs}, {@code /vendor/comlink.mjs}. Only the paths of {@link #list()} can be
 * opened: a request never becomes part of a resource name, so no path leads out of the folder.
 *
 * <p>Thread rule: every method may be called from any thread; {@link #open} reads from the jar and
 * so may block.
 */
public final class WebResources {
  /** Where the demo page is. */
  public static final String DEMO_PAGE = "/demo/index.html";

  /** npm's {@code comlink} 4.4.2, unmodified; absent when the jar was built without npm. */
  public static final String COMLINK = "/vendor/comlink.mjs";

  private static final String COMLINK_LICENCE = "/vendor/comlink.LICENSE.txt";

  /** Every packed file, with its content type. Module scripts are refused without the right one. */
  private static final Map<String, String> FILES =
      Map.ofEntries(
          Map.entry("/index.html", "text/html; charset=utf-8"),
          Map.entry(DEMO_PAGE, "text/html; charset=utf-8"),
          Map.entry("/demo/demo.css", "text/css; charset=utf-8"),
          Map.entry("/demo/demo.mjs", "text/javascript; charset=utf-8"),
          Map.entry("/js/as-iterable.mjs", "text/javascript; charset=utf-8"),
          Map.entry("/js/channel-endpoint.mjs", "text/javascript; charset=utf-8"),
          Map.entry("/js/channel-endpoint.d.mts", "text/plain; charset=utf-8"),
          Map.entry("/js/channel-endpoint.d.ts", "text/plain; charset=utf-8"),
          Map.entry("/js/chunks.mjs", "text/javascript; charset=utf-8"),
          Map.entry("/js/frame-codec.mjs", "text/javascript; charset=utf-8"),
          Map.entry("/js/java-handlers.mjs", "text/javascript; charset=utf-8"),
          Map.entry("/js/java-handlers.d.mts", "text/plain; charset=utf-8"),
          Map.entry("/js/java-handlers.d.ts", "text/plain; charset=utf-8"),
          Map.entry("/js/join-room.mjs", "text/javascript; charset=utf-8"),
          Map.entry("/js/join-room.d.mts", "text/plain; charset=utf-8"),
          Map.entry("/js/join-room.d.ts", "text/plain; charset=utf-8"),
          Map.entry("/js/request-filter.mjs", "text/javascript; charset=utf-8"),
          Map.entry(COMLINK, "text/javascript; charset=utf-8"),
          Map.entry(COMLINK_LICENCE, "text/plain; charset=utf-8"));

  private WebResources() {}

  /**
   * One packed file.
   *
   * @param path the path it is served at, beginning with a slash
   * @param contentType the value for {@code Content-Type}
   */
  public record WebResource(String path, String contentType) {
    /**
     * Reads the whole file.
     *
     * @return its bytes, a new array every time
     * @throws UncheckedIOException when the jar cannot be read
     */
    public byte[] bytes() {
      try (InputStream in = stream(path)) {
        if (in == null) {
          throw new IOException("not in the jar any more: " + path);
        }
        return in.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /**
   * Finds the file for a request's path.
   *
   * @param path the decoded path of the request, without its query; a folder such as {@code /} is
   *     not resolved here
   * @return the file, or empty when there is none of that path
   */
  public static Optional<WebResource> find(String path) {
    String contentType = FILES.get(path);
    if (contentType == null || WebResources.class.getResource(resourceName(path)) == null) {
      return Optional.empty();
    }
    return Optional.of(new WebResource(path, contentType));
  }

  /**
   * Opens a file.
   *
   * @param path as in {@link #find}
   * @return a stream that the caller closes, or empty when there is none of that path
   */
  public static Optional<InputStream> open(String path) {
    return FILES.containsKey(path) ? Optional.ofNullable(stream(path)) : Optional.empty();
  }

  /**
   * Lists what the jar holds.
   *
   * @return the files, sorted by path
   */
  public static List<WebResource> list() {
    return FILES.keySet().stream().sorted().flatMap(path -> find(path).stream()).toList();
  }

  /**
   * Tells whether the jar was built where npm is, and so can serve the demo page.
   *
   * @return whether {@link #COMLINK} can be opened
   */
  public static boolean hasComlink() {
    return find(COMLINK).isPresent();
  }

  /**
   * Says how to get {@code comlink} when {@link #hasComlink} is false.
   *
   * @return one sentence for the person at the terminal
   */
  public static String howToGetComlink() {
    return "The browser demo needs npm's comlink, which this jar was built without: install Node.js"
        + " 20 or newer with npm, then run `mvn -Dquick -DskipTests package` again.";
  }

  private static @Nullable InputStream stream(String path) {
    return WebResources.class.getResourceAsStream(resourceName(path));
  }

  private static String resourceName(String path) {
    // Relative to this package, which is also the folder of the files.
    return path.substring(1);
  }
}

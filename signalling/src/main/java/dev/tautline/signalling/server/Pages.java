package dev.tautline.signalling.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The pages that {@code tautline-web} brings: files of one class-path folder, by path, of a few
 * kinds. A path is served only when each of its parts has a file name's shape, so it cannot lead
 * anywhere else.
 */
final class Pages {
  private static final String ROOT = "dev/tautline/web/";
  private static final String INDEX = "index.html";

  /**
   * No part begins with a dot, and nothing is decoded: {@code ..} and {@code %2e} match nothing.
   */
  private static final Pattern PATH =
      Pattern.compile(
          "(?:[A-Za-z0-9_@-][A-Za-z0-9._@-]{0,99}/){0,8}[A-Za-z0-9_@-][A-Za-z0-9._@-]{0,99}");

  private static final Map<String, String> TYPES =
      Map.ofEntries(
          Map.entry("html", "text/html; charset=utf-8"),
          Map.entry("js", "text/javascript; charset=utf-8"),
          Map.entry("mjs", "text/javascript; charset=utf-8"),
          Map.entry("ts", "text/plain; charset=utf-8"),
          Map.entry("css", "text/css; charset=utf-8"),
          Map.entry("json", "application/json"),
          Map.entry("map", "application/json"),
          Map.entry("txt", "text/plain; charset=utf-8"),
          Map.entry("svg", "image/svg+xml"),
          Map.entry("png", "image/png"),
          Map.entry("ico", "image/x-icon"),
          Map.entry("woff2", "font/woff2"));

  // frame-ancestors: the page asks a person for consent, which nobody may trick out of them by
  // laying it under something else.
  private static final String SECURITY_POLICY =
      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
          + "connect-src 'self' http: https: ws: wss:; base-uri 'none'; object-src 'none'; "
          + "frame-ancestors 'none'";

  /** The body is never released, whatever is done with its duplicates. */
  private record Page(String contentType, ByteBuf body, String etag) {}

  // Only files that exist get in, so the number of files is its limit.
  private final Map<String, Page> cache = new ConcurrentHashMap<>();

  /** The answer for the path, which starts with a slash, or null when there is no such file. */
  @Nullable FullHttpResponse answer(String path, @Nullable String ifNoneMatch) {
    String file = path.substring(1) + (path.endsWith("/") ? INDEX : "");
    Page page = page(file);
    if (page == null) {
      return null;
    }
    boolean unchanged = page.etag.equals(ifNoneMatch);
    FullHttpResponse response =
        Responses.bytes(
            unchanged ? 304 : 200,
            page.contentType,
            unchanged ? Unpooled.EMPTY_BUFFER : page.body.duplicate());
    response
        .headers()
        .set(HttpHeaderNames.ETAG, page.etag)
        .set(HttpHeaderNames.CACHE_CONTROL, "no-cache")
        .set("Content-Security-Policy", SECURITY_POLICY)
        .set("Referrer-Policy", "no-referrer");
    if (unchanged) {
      response.headers().remove(HttpHeaderNames.CONTENT_LENGTH);
    }
    return response;
  }

  private @Nullable Page page(String file) {
    String type = TYPES.get(file.substring(file.lastIndexOf('.') + 1));
    if (type == null || !PATH.matcher(file).matches()) {
      return null;
    }
    Page cached = cache.get(file);
    if (cached != null) {
      return cached;
    }
    byte[] body = read(file);
    if (body == null) {
      return null;
    }
    Page page =
        new Page(
            type,
            Unpooled.unreleasableBuffer(Unpooled.wrappedBuffer(body).asReadOnly()),
            etag(body));
    cache.put(file, page);
    return page;
  }

  private static byte @Nullable [] read(String file) {
    try (InputStream in = Pages.class.getClassLoader().getResourceAsStream(ROOT + file)) {
      return in == null ? null : in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + ROOT + file + " from the class path", e);
    }
  }

  private static String etag(byte[] body) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(body);
      return '"' + HexFormat.of().formatHex(Arrays.copyOf(hash, 16)) + '"';
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}

package dev.tautline.ice;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Replaces addresses in a text by names such as {@code ipv4-1}: one name for one address, so that
 * what belongs together still shows. Ports stay.
 */
final class AddressMask {
  private static final Pattern ADDRESSES =
      Pattern.compile(
          "(?<local>[0-9A-Za-z-]{1,63}\\.local\\b)"
              + "|(?<four>(?<![\\w.])\\d{1,3}(?:\\.\\d{1,3}){3}(?![\\w.]))"
              + "|(?<six>(?<![\\w:.])(?=[0-9A-Fa-f]*:[0-9A-Fa-f]*:)[0-9A-Fa-f:]+[0-9A-Fa-f.]*"
              + "(?:%\\w+)?(?![\\w:]))");

  private final Map<String, String> names = new HashMap<>();
  private int local;
  private int four;
  private int six;

  String mask(String text) {
    return ADDRESSES.matcher(text).replaceAll(this::name);
  }

  private String name(MatchResult match) {
    return names.computeIfAbsent(
        match.group(),
        address -> {
          if (match.group(1) != null) {
            return "name-" + ++local + ".local";
          }
          return match.group(2) != null ? "ipv4-" + ++four : "ipv6-" + ++six;
        });
  }
}

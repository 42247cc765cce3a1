package dev.tautline.ice;

import java.util.Locale;

/** Writes JSON (RFC 8259), escaped so that no text of a peer or server can break out of it. */
final class JsonText {
  private final StringBuilder text = new StringBuilder(512);
  private boolean first = true;

  /** Opens an object or an array. */
  JsonText begin(char bracket) {
    comma();
    text.append(bracket);
    first = true;
    return this;
  }

  /** Closes it. */
  JsonText end(char bracket) {
    text.append(bracket);
    first = false;
    return this;
  }

  /** The name of a field whose value follows. */
  JsonText name(String name) {
    comma();
    quote(name);
    text.append(':');
    first = true;
    return this;
  }

  JsonText value(String value) {
    comma();
    quote(value);
    return this;
  }

  JsonText field(String name, String value) {
    return name(name).value(value);
  }

  JsonText field(String name, long value) {
    name(name);
    comma();
    text.append(value);
    return this;
  }

  private void comma() {
    if (!first) {
      text.append(',');
    }
    first = false;
  }

  private void quote(String value) {
    text.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') {
        text.append('\\').append(c);
      } else if (c < ' ' || c > '~') {
        text.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        text.append(c);
      }
    }
    text.append('"');
  }

  @Override
  public String toString() {
    return text.toString();
  }
}

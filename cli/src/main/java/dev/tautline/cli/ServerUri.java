package dev.tautline.cli;

import java.net.URI;
import java.net.URISyntaxException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The address of a rooms server on the command line and on the terminal. */
final class ServerUri implements ITypeConverter<URI> {
  @Override
  public URI convert(String text) {
    try {
      return new URI(text);
    } catch (URISyntaxException e) {
      // The most frequent one is an address without its scheme.
      throw new TypeConversionException(
          "\"" + text + "\" is not the address of a rooms server, such as http://127.0.0.1:8080");
    }
  }

  /** Without a slash at its end, as people write it. */
  static String text(URI server) {
    String text = server.toString();
    int end = text.length();
    while (end > 0 && text.charAt(end - 1) == '/') {
      end--;
    }
    return text.substring(0, end);
  }
}

package dev.tautline.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** A table of names and values for people. */
final class Table {
  private record Row(String name, String value) {}

  private final List<Row> rows = new ArrayList<>();

  Table row(String name, String value) {
    rows.add(new Row(name, value));
    return this;
  }

  void print(PrintStream out) {
    int width = rows.stream().mapToInt(row -> row.name().length()).max().orElse(0);
    String line = "-".repeat(width + 50);
    out.println(line);
    for (Row row : rows) {
      out.println(row.name() + " ".repeat(width - row.name().length() + 3) + row.value());
    }
    out.println(line);
  }
}

package dev.tautline.interop.nat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * A line of the table that was written before the run.
 *
 * @param arrangement where the two hosts are
 * @param first the network of the peer that offers
 * @param second the network of the other
 * @param servers what they may use
 * @param result what must come of it
 * @param firstSeen for a direct connection: the type of the first's candidate as the second has it
 * @param secondSeen the same the other way round
 * @param cause for a failure: a word of the report
 */
record NatCase(
    Arrangement arrangement,
    NetworkKind first,
    NetworkKind second,
    Servers servers,
    Result result,
    String firstSeen,
    String secondSeen,
    String cause) {
  enum Arrangement {
    APART,
    NEIGHBOURS,
    SEPARATED
  }

  enum Servers {
    STUN,
    TURN
  }

  enum Result {
    DIRECT,
    RELAYED,
    FAILED
  }

  static List<NatCase> all() {
    try (InputStream in =
        Objects.requireNonNull(NatCase.class.getResourceAsStream("expected.csv"))) {
      List<NatCase> cases = new ArrayList<>();
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
        if (!line.startsWith("#")) {
          cases.add(parse(line.split(", ")));
        }
      }
      return cases;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static NatCase parse(String[] columns) {
    Result result = Result.valueOf(columns[4].toUpperCase(Locale.ROOT));
    boolean direct = result == Result.DIRECT;
    return new NatCase(
        Arrangement.valueOf(columns[0].toUpperCase(Locale.ROOT)),
        NetworkKind.valueOf(columns[1]),
        NetworkKind.valueOf(columns[2]),
        Servers.valueOf(columns[3].toUpperCase(Locale.ROOT)),
        result,
        direct ? columns[5] : "",
        direct ? columns[6] : "",
        result == Result.FAILED ? columns[5] : "");
  }

  /** For example {@code EIM/APDF - none, STUN only}. */
  @Override
  public String toString() {
    String where =
        switch (arrangement) {
          case APART -> "";
          case NEIGHBOURS -> " in one network";
          case SEPARATED -> " behind one NAT";
        };
    return first.label()
        + " - "
        + second.label()
        + where
        + (servers == Servers.STUN ? ", STUN only" : ", STUN and TURN");
  }
}

package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;
import java.util.ArrayList;
import java.util.List;

/**
 * PASSWORD-ALGORITHMS: how the server lets keys be made, best first; RFC 8489 section 14.11.
 *
 * @param entries in order of preference
 */
public record PasswordAlgorithms(List<PasswordAlgorithms.Entry> entries) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x8002;

  /** MD5, section 18.5.1.1. */
  public static final int MD5 = 1;

  /** SHA-256, section 18.5.1.2. */
  public static final int SHA_256 = 2;

  /**
   * One algorithm.
   *
   * @param algorithm its number
   * @param parameters empty for the two there are
   */
  public record Entry(int algorithm, Octets parameters) {
    /** An algorithm without parameters. */
    public static Entry of(int algorithm) {
      return new Entry(algorithm, Octets.EMPTY);
    }

    static Entry parse(WireReader in) throws WireFormatException {
      int algorithm = in.u16();
      int length = in.u16();
      byte[] parameters = in.copy(length);
      // The last entry's padding belongs to the attribute's own in some implementations.
      in.skip(Math.min(in.remaining(), (4 - length % 4) % 4));
      return new Entry(algorithm, Octets.of(parameters));
    }

    int encodedLength() {
      return 4 + (parameters.length() + 3 & ~3);
    }

    void write(WireWriter out) {
      out.u16(algorithm).u16(parameters.length());
      parameters.write(out);
      out.zeros(encodedLength() - 4 - parameters.length());
    }
  }

  /** Copies the list. */
  public PasswordAlgorithms {
    entries = List.copyOf(entries);
  }

  static PasswordAlgorithms parse(WireReader value) throws WireFormatException {
    var entries = new ArrayList<Entry>();
    while (value.remaining() > 0) {
      entries.add(Entry.parse(value));
    }
    return new PasswordAlgorithms(entries);
  }

  @Override
  public int type() {
    return TYPE;
  }

  @Override
  public int valueLength() {
    return entries.stream().mapToInt(Entry::encodedLength).sum();
  }

  @Override
  public void writeValue(WireWriter out, TransactionId id) {
    for (Entry entry : entries) {
      entry.write(out);
    }
  }
}

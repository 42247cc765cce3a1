package dev.tautline.ice.mdns;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A multicast DNS message, RFC 6762 section 18, which has the form of RFC 1035 section 4.
 *
 * <pre>{@code
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |              ID               |R| Opcode|A|T|   |   0   | RCode|
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |          Questions            |            Answers            |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |          Authorities          |           Additionals         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * }</pre>
 *
 * @param id 0 but for questions that do not come from port 5353
 * @param kind question or answer
 * @param questions the first 64
 * @param addresses what the answer section's A and AAAA records say, of its first 64 records; in a
 *     query what the asker knows already (section 7.1)
 */
public record MdnsMessage(
    int id, Kind kind, List<Question> questions, List<AddressRecord> addresses) {
  /** RFC 6762 section 17: the longest message, headers of IP and UDP included. */
  public static final int MAX_LENGTH = 9000;

  private static final int HEADER_LENGTH = 12;
  private static final int MIN_QUESTION = 5;
  private static final int MIN_RECORD = 11;

  /** Who asks for more has to ask again: what one datagram makes us do is bounded. */
  private static final int MAX_ENTRIES = 64;

  /** RFC 1035 section 2.3.4, the zero at the end included. */
  private static final int MAX_NAME_OCTETS = 255;

  private static final int MAX_LABEL_OCTETS = 63;

  /** A name that was compressed by anybody sane has one pointer, at its end. */
  private static final int MAX_POINTERS = 8;

  private static final int RESPONSE = 0x8000;
  private static final int OPCODE = 0x7800;
  private static final int RESPONSE_CODE = 0x000f;

  /** In a question: answer by unicast; in a record: forget others of this name and type. */
  private static final int TOP_BIT = 0x8000;

  /** What a message is. */
  public enum Kind {
    /** It asks. */
    QUERY,
    /** It answers, or tells unasked. */
    RESPONSE
  }

  /** How an answer is wanted, section 5.4. */
  public enum Reply {
    /** For all on the link. */
    MULTICAST,
    /** For the asker alone. */
    UNICAST
  }

  /**
   * A question.
   *
   * @param name in lower case, labels with dots between, none at the end
   * @param type what is asked for
   * @param dnsClass the Internet, as a rule; 15 bits
   * @param reply how it is to be answered
   */
  public record Question(String name, int type, int dnsClass, Reply reply) {}

  /**
   * An address of a host.
   *
   * @param name in lower case, labels with dots between, none at the end
   * @param address IPv4 or IPv6
   * @param ttlSeconds how long that holds; 0: no longer; unsigned 32 bit
   */
  public record AddressRecord(String name, InetAddress address, long ttlSeconds) {}

  /** The lists are immutable. */
  public MdnsMessage {
    questions = List.copyOf(questions);
    addresses = List.copyOf(addresses);
  }

  /**
   * Reads a message as far as its answers; authorities and additional records are not looked at.
   *
   * @throws WireFormatException if it does not have the form, is too long, or has an operation or
   *     response code, which sections 18.3 and 18.11 want ignored
   */
  public static MdnsMessage parse(byte[] bytes, int offset, int length) throws WireFormatException {
    if (length > MAX_LENGTH) {
      throw new WireFormatException("a message of " + length + " bytes is too long");
    }
    var reader = new WireReader(bytes, offset, length);
    int id = reader.u16();
    int flags = reader.u16();
    int questionCount = reader.u16();
    int answerCount = reader.u16();
    reader.skip(4);
    if ((flags & (OPCODE | RESPONSE_CODE)) != 0) {
      throw new WireFormatException("a message with an operation or response code");
    }
    // Whole entries only, checked before anything is taken.
    if ((long) questionCount * MIN_QUESTION + (long) answerCount * MIN_RECORD
        > reader.remaining()) {
      throw new WireFormatException("the counts say more than there is room for");
    }
    List<Question> questions = new ArrayList<>(Math.min(questionCount, MAX_ENTRIES));
    for (int i = 0; i < questionCount; i++) {
      if (i >= MAX_ENTRIES) {
        skipName(reader);
        reader.skip(4);
        continue;
      }
      String name = name(reader, offset, offset + length);
      int type = reader.u16();
      int dnsClass = reader.u16();
      questions.add(
          new Question(
              name,
              type,
              dnsClass & ~TOP_BIT,
              (dnsClass & TOP_BIT) != 0 ? Reply.UNICAST : Reply.MULTICAST));
    }
    List<AddressRecord> addresses = new ArrayList<>();
    for (int i = 0; i < Math.min(answerCount, MAX_ENTRIES); i++) {
      answer(reader, offset, offset + length, addresses);
    }
    return new MdnsMessage(
        id, (flags & RESPONSE) != 0 ? Kind.RESPONSE : Kind.QUERY, questions, addresses);
  }

  private static void answer(WireReader reader, int start, int end, List<AddressRecord> addresses)
      throws WireFormatException {
    String name = name(reader, start, end);
    int type = reader.u16();
    int dnsClass = reader.u16() & ~TOP_BIT;
    long ttlSeconds = reader.u32();
    int length = reader.u16();
    boolean isAddress =
        dnsClass == MdnsType.CLASS_IN
            && (type == MdnsType.A && length == 4 || type == MdnsType.AAAA && length == 16);
    if (isAddress) {
      addresses.add(new AddressRecord(name, address(reader.copy(length)), ttlSeconds));
    } else {
      reader.skip(length);
    }
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 and 16 are the lengths of an address", e);
    }
  }

  /** RFC 1035 section 4.1.4, in lower case; a dot within a label gets a backslash before it. */
  private static String name(WireReader reader, int start, int end) throws WireFormatException {
    var text = new StringBuilder(48);
    int octets = 1;
    int pointers = 0;
    WireReader from = reader;
    int begin = reader.position();
    for (int length = from.u8(); length != 0; length = from.u8()) {
      if (length > MAX_LABEL_OCTETS) {
        if (length < 0xc0) {
          throw new WireFormatException("a label of an unknown kind");
        }
        int target = start + ((length & 0x3f) << 8 | from.u8());
        // "a pointer to a prior occurrence": each is before the one that led there, so that no
        // chain is a loop.
        if (target >= begin || ++pointers > MAX_POINTERS) {
          throw new WireFormatException("a name's pointers lead nowhere");
        }
        begin = target;
        from = new WireReader(from.array(), target, end - target);
        continue;
      }
      octets += length + 1;
      if (octets > MAX_NAME_OCTETS) {
        throw new WireFormatException("a name is longer than " + MAX_NAME_OCTETS);
      }
      if (!text.isEmpty()) {
        text.append('.');
      }
      for (int i = 0; i < length; i++) {
        int c = from.u8();
        if (c == '.') {
          text.append('\\');
        }
        text.append((char) (c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c));
      }
    }
    return text.toString();
  }

  /** Steps over a name without following it. */
  private static void skipName(WireReader reader) throws WireFormatException {
    for (int length = reader.u8(); length != 0; length = reader.u8()) {
      if (length >= 0xc0) {
        reader.skip(1);
        return;
      }
      if (length > MAX_LABEL_OCTETS) {
        throw new WireFormatException("a label of an unknown kind");
      }
      reader.skip(length);
    }
  }

  /**
   * A query for an address of a host.
   *
   * @param name letters, digits, hyphens, dots; labels of 1 to 63 characters
   * @param ipVersion 4 or 6
   */
  public static byte[] query(String name, int ipVersion) {
    var out = new WireWriter(HEADER_LENGTH + nameLength(name) + 4);
    header(out, 0, 0, 1, 0, 0);
    writeName(out, name);
    out.u16(ipVersion == 6 ? MdnsType.AAAA : MdnsType.A).u16(MdnsType.CLASS_IN);
    return out.array();
  }

  static void header(
      WireWriter out, int id, int flags, int questions, int answers, int additionals) {
    out.u16(id).u16(flags).u16(questions).u16(answers).u16(0).u16(additionals);
  }

  static int nameLength(String name) {
    return name.length() + 2;
  }

  static void writeName(WireWriter out, String name) {
    for (String label : name.split("\\.", -1)) {
      byte[] bytes = label.getBytes(StandardCharsets.ISO_8859_1);
      if (bytes.length == 0 || bytes.length > MAX_LABEL_OCTETS) {
        throw new IllegalArgumentException("\"" + name + "\" is no host name");
      }
      out.u8(bytes.length).bytes(bytes);
    }
    out.u8(0);
  }
}

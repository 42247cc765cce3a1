package dev.tautline.ice.mdns;

import dev.tautline.base.WireWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes what we say of our names. All records are unique ones, RFC 6762 section 2: nobody else has
 * them.
 */
final class MdnsResponse {
  /** What we say of a name. */
  enum Says {
    /** Its address. */
    ADDRESS,
    /** That it has nothing else, section 6.1: who asks for the other family need not wait. */
    NOTHING_ELSE
  }

  /** One thing that is said. */
  record Answer(OwnName name, Says says) {}

  /** Section 10: for records that hold a host's name or address. */
  static final long TTL_SECONDS = 120;

  /** Section 6.7: what a resolver may keep that knows nothing of multicast DNS. */
  static final long LEGACY_TTL_SECONDS = 10;

  /** Section 10.1: caches forget. */
  static final long GOODBYE = 0;

  /** As many, with all that is said of each, as stay below 1280 bytes, which every link carries. */
  static final int MAX_ANSWERS = 6;

  private static final int MAX_GOODBYES = 16;

  /** A response, authoritative, section 18.4. */
  private static final int FLAGS = 0x8400;

  private static final int CACHE_FLUSH = 0x8000;
  private static final int HEADER_LENGTH = 12;
  private static final int RECORD_FIXED = 10;

  private MdnsResponse() {}

  /** Responses for all on a link: as many as it takes. */
  static List<byte[]> toAll(List<Answer> answers) {
    List<byte[]> messages = new ArrayList<>();
    for (int i = 0; i < answers.size(); i += MAX_ANSWERS) {
      List<Answer> some = answers.subList(i, Math.min(i + MAX_ANSWERS, answers.size()));
      messages.add(write(0, List.of(), some, List.of(), TTL_SECONDS, CACHE_FLUSH));
    }
    return messages;
  }

  /** A response for one who asked for it so; at most {@link #MAX_ANSWERS}. */
  static byte[] toOne(List<Answer> answers) {
    return write(0, List.of(), answers, besides(answers), TTL_SECONDS, CACHE_FLUSH);
  }

  /**
   * A response for a resolver that asks from another port, section 6.7: with its question and
   * number, and without the bit that it does not know.
   *
   * @param questions at most {@link #MAX_ANSWERS}
   */
  static byte[] toLegacy(int id, List<MdnsMessage.Question> questions, List<Answer> answers) {
    return write(id, questions, answers, besides(answers), LEGACY_TTL_SECONDS, 0);
  }

  /** These names are no more. */
  static List<byte[]> goodbyes(List<OwnName> names) {
    List<byte[]> messages = new ArrayList<>();
    for (int i = 0; i < names.size(); i += MAX_GOODBYES) {
      List<Answer> some =
          names.subList(i, Math.min(i + MAX_GOODBYES, names.size())).stream()
              .map(name -> new Answer(name, Says.ADDRESS))
              .toList();
      messages.add(write(0, List.of(), some, List.of(), GOODBYE, CACHE_FLUSH));
    }
    return messages;
  }

  /** What may be said besides: section 6.1 wants the NSEC record with the address. */
  private static List<Answer> besides(List<Answer> answers) {
    List<Answer> besides = new ArrayList<>();
    for (Answer answer : answers) {
      var other = new Answer(answer.name(), Says.NOTHING_ELSE);
      if (answer.says() == Says.ADDRESS && !answers.contains(other)) {
        besides.add(other);
      }
    }
    return besides;
  }

  private static byte[] write(
      int id,
      List<MdnsMessage.Question> questions,
      List<Answer> answers,
      List<Answer> besides,
      long ttlSeconds,
      int cacheFlush) {
    int length = HEADER_LENGTH;
    for (MdnsMessage.Question question : questions) {
      length += MdnsMessage.nameLength(question.name()) + 4;
    }
    for (Answer answer : answers) {
      length += length(answer);
    }
    for (Answer answer : besides) {
      length += length(answer);
    }
    var out = new WireWriter(length);
    MdnsMessage.header(out, id, FLAGS, questions.size(), answers.size(), besides.size());
    for (MdnsMessage.Question question : questions) {
      MdnsMessage.writeName(out, question.name());
      out.u16(question.type()).u16(question.dnsClass());
    }
    answers.forEach(answer -> record(out, answer, ttlSeconds, cacheFlush));
    besides.forEach(answer -> record(out, answer, ttlSeconds, cacheFlush));
    return out.array();
  }

  private static int length(Answer answer) {
    int name = MdnsMessage.nameLength(answer.name().name());
    return name
        + RECORD_FIXED
        + (answer.says() == Says.ADDRESS
            ? answer.name().address().getAddress().length
            : name + bitmapLength(answer.name()));
  }

  /**
   * Window, length and bitmap, RFC 4034 section 4.1.2: "Trailing zero octets … MUST be omitted".
   */
  private static int bitmapLength(OwnName name) {
    return 2 + name.type() / 8 + 1;
  }

  private static void record(WireWriter out, Answer answer, long ttlSeconds, int cacheFlush) {
    OwnName name = answer.name();
    MdnsMessage.writeName(out, name.name());
    if (answer.says() == Says.ADDRESS) {
      byte[] address = name.address().getAddress();
      out.u16(name.type()).u16(MdnsType.CLASS_IN | cacheFlush).u32((int) ttlSeconds);
      out.u16(address.length).bytes(address);
      return;
    }
    out.u16(MdnsType.NSEC).u16(MdnsType.CLASS_IN | cacheFlush).u32((int) ttlSeconds);
    out.u16(MdnsMessage.nameLength(name.name()) + bitmapLength(name));
    // "the Next Domain Name field contains the record's own name", section 6.1; window block 0.
    MdnsMessage.writeName(out, name.name());
    out.u8(0).u8(name.type() / 8 + 1).zeros(name.type() / 8).u8(0x80 >> name.type() % 8);
  }
}

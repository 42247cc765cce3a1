package dev.tautline.datachannel.sdp;

import dev.tautline.base.Words;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a description line by line, RFC 9429 section 5.8: lines end with LF or CRLF, unknown ones
 * are skipped, known ones must be right.
 */
final class SdpParser {
  private static final int MAX_MIDS = 256;

  /** What one level of the description says; the session's or one m-section's. */
  static final class Section {
    String kind = "";
    int port;
    String protocol = "";
    String formats = "";
    @Nullable String mid;
    @Nullable String ufrag;
    @Nullable String pwd;
    final Set<String> iceOptions = new HashSet<>();
    final List<SdpFingerprint> fingerprints = new ArrayList<>();
    @Nullable SdpSetup setup;
    OptionalInt sctpPort = OptionalInt.empty();
    OptionalLong maxMessageSize = OptionalLong.empty();
    final List<String> candidates = new ArrayList<>();
    boolean endOfCandidates;
    boolean bundleOnly;
  }

  private final String sdp;
  private final Section session = new Section();
  private final List<Section> sections = new ArrayList<>();
  private final List<String> bundleMids = new ArrayList<>();
  private Section current = session;
  private RemoteSdp.IceMode iceMode = RemoteSdp.IceMode.FULL;
  private OptionalInt pacingMillis = OptionalInt.empty();
  private int candidateCount;
  private int lineNumber;

  SdpParser(String sdp) {
    this.sdp = sdp;
  }

  RemoteSdp parse() throws SdpParseException {
    if (sdp.length() > RemoteSdp.MAX_CHARACTERS) {
      throw new SdpParseException(
          0, sdp.length() + " characters where " + RemoteSdp.MAX_CHARACTERS + " are read");
    }
    int start = 0;
    while (start < sdp.length()) {
      int end = sdp.indexOf('\n', start);
      if (end < 0) {
        end = sdp.length();
      }
      int trimmed = end > start && sdp.charAt(end - 1) == '\r' ? end - 1 : end;
      lineNumber++;
      if (lineNumber > RemoteSdp.MAX_LINES) {
        throw new SdpParseException(0, "more than " + RemoteSdp.MAX_LINES + " lines");
      }
      line(sdp.substring(start, trimmed));
      start = end + 1;
    }
    if (lineNumber == 0) {
      throw new SdpParseException(0, "the description is empty");
    }
    List<RemoteSection> resolved = new ArrayList<>(sections.size());
    Set<String> mids = new HashSet<>();
    Section tagged = tagged();
    for (Section section : sections) {
      if (section != tagged && section.mid != null && bundleMids.contains(section.mid)) {
        inherit(section, tagged);
      }
    }
    for (Section section : sections) {
      if (section.mid != null && !mids.add(section.mid)) {
        throw new SdpParseException(0, "two sections have the same a=mid");
      }
      resolved.add(new RemoteSection(section, session));
    }
    return new RemoteSdp(bundleMids, iceMode, pacingMillis, resolved);
  }

  /** The section whose transport a bundle uses: the first in the group, RFC 8843 section 7. */
  private @Nullable Section tagged() {
    for (Section section : sections) {
      if (!bundleMids.isEmpty() && bundleMids.get(0).equals(section.mid)) {
        return section;
      }
    }
    return null;
  }

  /**
   * What describes the transport stands in the bundle's tagged section alone when the others only
   * use it (RFC 9429 section 5.2.2, RFC 8843 section 7.1.3).
   */
  private void inherit(Section section, @Nullable Section from) {
    if (from == null
        || section.ufrag != null
        || section.pwd != null
        || session.ufrag != null
        || from.ufrag == null) {
      return;
    }
    section.ufrag = from.ufrag;
    section.pwd = from.pwd;
    section.candidates.addAll(from.candidates);
    section.endOfCandidates |= from.endOfCandidates;
    if (section.iceOptions.isEmpty()) {
      section.iceOptions.addAll(from.iceOptions);
    }
    if (section.fingerprints.isEmpty()) {
      section.fingerprints.addAll(from.fingerprints);
    }
    if (section.setup == null) {
      section.setup = from.setup;
    }
  }

  private void line(String line) throws SdpParseException {
    if (lineNumber == 1) {
      // RFC 8866 section 5.1: the version comes first and is 0.
      if (!line.equals("v=0")) {
        throw wrong("a description starts with v=0");
      }
      return;
    }
    if (line.isBlank()) {
      return;
    }
    if (line.length() < 2 || line.charAt(1) != '=') {
      throw wrong("a line has the form <letter>=<value>");
    }
    String value = line.substring(2);
    switch (line.charAt(0)) {
      case 'm' -> media(value);
      case 'a' -> attribute(value);
      case 'o' -> origin(value);
      default -> {
        // s=, t=, c=, b= and whatever else: ICE decides on addresses, nothing else matters here.
      }
    }
  }

  private void origin(String value) throws SdpParseException {
    if (Words.of(value, " ").length != 6) {
      throw wrong("o= has six fields");
    }
  }

  private void media(String value) throws SdpParseException {
    String[] fields = value.trim().split(" +", 4);
    if (fields.length < 4) {
      throw wrong("m= has media, port, protocol and format");
    }
    var section = new Section();
    section.kind = fields[0];
    int slash = fields[1].indexOf('/');
    section.port = number(slash < 0 ? fields[1] : fields[1].substring(0, slash), 65_535, "port");
    section.protocol = fields[2];
    section.formats = fields[3].trim();
    if (section.kind.equals("application") && section.protocol.equalsIgnoreCase("DTLS/SCTP")) {
      // The form before RFC 8841: the format is SCTP's port, a=sctpmap says what runs on it.
      section.sctpPort = OptionalInt.of(number(section.formats, 65_535, "SCTP port"));
    }
    sections.add(section);
    current = section;
  }

  private void attribute(String attribute) throws SdpParseException {
    int colon = attribute.indexOf(':');
    String name = colon < 0 ? attribute : attribute.substring(0, colon);
    String value = colon < 0 ? "" : attribute.substring(colon + 1).trim();
    switch (name) {
      case "mid" -> current.mid = token(value, "a=mid");
      case "group" -> group(value);
      case "ice-ufrag" -> current.ufrag = iceChars(value, 4, "a=ice-ufrag");
      case "ice-pwd" -> current.pwd = iceChars(value, 22, "a=ice-pwd");
      case "ice-options" -> {
        // Blanks by RFC 8839; libdatachannel writes commas.
        for (String option : Words.of(value, " ,")) {
          current.iceOptions.add(option);
        }
      }
      case "ice-lite" -> iceMode = RemoteSdp.IceMode.LITE;
      case "ice-pacing" -> pacingMillis = OptionalInt.of(number(value, 60_000, "a=ice-pacing"));
      case "fingerprint" -> fingerprint(value);
      case "setup" -> setup(value);
      case "sctp-port" -> current.sctpPort = OptionalInt.of(number(value, 65_535, "a=sctp-port"));
      case "sctpmap" -> sctpMap(value);
      case "max-message-size" -> maxMessageSize(value);
      case "candidate" -> candidate(attribute);
      case "end-of-candidates" -> current.endOfCandidates = true;
      case "bundle-only" -> current.bundleOnly = true;
      default -> {
        // RFC 8866 section 5.13: attributes that are not understood are ignored.
      }
    }
  }

  private void group(String value) throws SdpParseException {
    String[] fields = Words.of(value, " ");
    if (fields.length == 0 || !fields[0].equals("BUNDLE")) {
      return;
    }
    if (fields.length - 1 > MAX_MIDS) {
      throw wrong("a bundle of more than " + MAX_MIDS + " sections");
    }
    for (int i = 1; i < fields.length; i++) {
      bundleMids.add(fields[i]);
    }
  }

  private void fingerprint(String value) throws SdpParseException {
    int blank = value.indexOf(' ');
    if (blank <= 0) {
      throw wrong("a=fingerprint has a hash name and a value");
    }
    String hex = value.substring(blank + 1).trim().toUpperCase(Locale.ROOT);
    if (hex.length() % 3 != 2) {
      throw wrong("a fingerprint is made of hex pairs with colons between them");
    }
    for (int i = 0; i < hex.length(); i++) {
      char c = hex.charAt(i);
      boolean right = i % 3 == 2 ? c == ':' : c >= '0' && c <= '9' || c >= 'A' && c <= 'F';
      if (!right) {
        throw wrong("a fingerprint is made of hex pairs with colons between them");
      }
    }
    current.fingerprints.add(
        new SdpFingerprint(value.substring(0, blank).toLowerCase(Locale.ROOT), hex));
  }

  private void setup(String value) throws SdpParseException {
    SdpSetup setup = SdpSetup.of(value);
    if (setup == null) {
      throw wrong("a=setup is active, passive, actpass or holdconn");
    }
    current.setup = setup;
  }

  private void sctpMap(String value) throws SdpParseException {
    String[] fields = Words.of(value, " ");
    if (fields.length < 2) {
      throw wrong("a=sctpmap has a port and a name");
    }
    if (fields[1].equals("webrtc-datachannel")) {
      current.sctpPort = OptionalInt.of(number(fields[0], 65_535, "a=sctpmap"));
    }
  }

  private void maxMessageSize(String value) throws SdpParseException {
    if (value.isEmpty() || value.length() > 20) {
      throw wrong("a=max-message-size is a number");
    }
    for (int i = 0; i < value.length(); i++) {
      if (value.charAt(i) < '0' || value.charAt(i) > '9') {
        throw wrong("a=max-message-size is a number");
      }
    }
    // Unsigned 64 bit and more is legal and means "any size" to us.
    current.maxMessageSize =
        OptionalLong.of(value.length() > 18 ? Long.MAX_VALUE : Long.parseLong(value));
  }

  private void candidate(String attribute) throws SdpParseException {
    candidateCount++;
    if (candidateCount > RemoteSdp.MAX_CANDIDATES) {
      throw wrong("more than " + RemoteSdp.MAX_CANDIDATES + " candidates");
    }
    current.candidates.add(attribute);
  }

  private String token(String value, String what) throws SdpParseException {
    if (value.isEmpty() || value.length() > 256 || value.indexOf(' ') >= 0) {
      throw wrong(what + " is one word of at most 256 characters");
    }
    return value;
  }

  /** RFC 8839 section 5.4: ALPHA, DIGIT, "+" and "/", at most 256 of them. */
  private String iceChars(String value, int minimum, String what) throws SdpParseException {
    if (value.length() < minimum || value.length() > 256) {
      throw wrong(what + " has " + minimum + " to 256 characters");
    }
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      boolean right =
          c >= 'a' && c <= 'z'
              || c >= 'A' && c <= 'Z'
              || c >= '0' && c <= '9'
              || c == '+'
              || c == '/';
      if (!right) {
        throw wrong(what + " has letters, digits, '+' and '/' only");
      }
    }
    return value;
  }

  private int number(String value, int max, String what) throws SdpParseException {
    if (value.isEmpty() || value.length() > 9) {
      throw wrong(what + " is a number from 0 to " + max);
    }
    int number = 0;
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c < '0' || c > '9') {
        throw wrong(what + " is a number from 0 to " + max);
      }
      number = number * 10 + (c - '0');
    }
    if (number > max) {
      throw wrong(what + " is a number from 0 to " + max);
    }
    return number;
  }

  private SdpParseException wrong(String message) {
    return new SdpParseException(lineNumber, message);
  }
}

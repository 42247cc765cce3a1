package dev.tautline.ice;

import dev.tautline.base.Words;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A candidate as its line says it, RFC 8839 section 5.1: {@code candidate:foundation component
 * transport priority address port typ type [raddr …] [rport …] [extensions]}.
 *
 * @param foundation 1 to 32 ice-chars; equal for candidates of the same type, base and server
 * @param component 1 to 256; data channels use 1 alone
 * @param transport {@code udp} or {@code tcp}, or what the line said, in lower case
 * @param priority 1 to 2^31−1 by the RFC; up to 2^32−1 is taken
 * @param address an IPv4 or IPv6 literal, or a host name such as an mDNS one ({@code ….local})
 * @param port 0 to 65535
 * @param type where it comes from
 * @param related the base's address, or the mapped one of a relayed candidate; {@code 0.0.0.0} with
 *     port 0 when it is not told (RFC 8828)
 * @param tcpType {@code active}, {@code passive} or {@code so}, RFC 6544; for TCP only
 * @param ufrag the generation it belongs to, when the line names one
 */
public record IceCandidate(
    String foundation,
    int component,
    String transport,
    long priority,
    String address,
    int port,
    IceCandidateType type,
    Optional<RelatedAddress> related,
    Optional<String> tcpType,
    Optional<String> ufrag) {

  /**
   * The address a candidate was derived from.
   *
   * @param address an address literal
   * @param port 0 to 65535
   */
  public record RelatedAddress(String address, int port) {}

  private static final int MAX_LINE = 2048;
  private static final Pattern FOUNDATION = Pattern.compile("[A-Za-z0-9+/_=-]{1,32}");
  private static final Pattern TRANSPORT = Pattern.compile("[a-z0-9/-]{1,16}");
  private static final Pattern TCP_TYPE = Pattern.compile("active|passive|so");
  private static final Pattern UFRAG = Pattern.compile("[A-Za-z0-9+/_=-]{1,256}");
  private static final Pattern ADDRESS = Pattern.compile("[A-Za-z0-9.:%_-]{1,255}");

  /** The same candidate in another generation. */
  public IceCandidate withUfrag(String value) {
    return new IceCandidate(
        foundation,
        component,
        transport,
        priority,
        address,
        port,
        type,
        related,
        tcpType,
        Optional.of(value));
  }

  /** Whether its address is a name that multicast DNS resolves. */
  public boolean isMulticastDnsName() {
    return address.toLowerCase(Locale.ROOT).endsWith(".local");
  }

  /** Whether it is a UDP candidate. */
  public boolean isUdp() {
    return transport.equals("udp");
  }

  /**
   * Reads a line with or without {@code a=} before it and with or without a line end.
   *
   * @throws IceParseException if it does not have the form, or names a type that is not known
   */
  public static IceCandidate parse(String line) throws IceParseException {
    if (line.length() > MAX_LINE) {
      throw new IceParseException("candidate line is longer than " + MAX_LINE + " characters");
    }
    String text = line.strip();
    if (text.startsWith("a=")) {
      text = text.substring(2);
    }
    if (!text.regionMatches(true, 0, "candidate:", 0, 10)) {
      throw new IceParseException("candidate line does not start with \"candidate:\"");
    }
    String[] words = Words.of(text.substring(10).strip(), " \t");
    if (words.length < 8) {
      throw new IceParseException("candidate line has " + words.length + " words, 8 are needed");
    }
    if (!FOUNDATION.matcher(words[0]).matches()) {
      throw new IceParseException("candidate foundation is not 1 to 32 ice-chars");
    }
    int component = (int) number("component", words[1], 1, 256);
    String transport = words[2].toLowerCase(Locale.ROOT);
    if (!TRANSPORT.matcher(transport).matches()) {
      throw new IceParseException("candidate transport is not a word of 1 to 16 characters");
    }
    long priority = number("priority", words[3], 0, 0xffff_ffffL);
    if (!ADDRESS.matcher(words[4]).matches()) {
      throw new IceParseException("candidate address has characters that no address has");
    }
    int port = (int) number("port", words[5], 0, 65535);
    if (!words[6].equalsIgnoreCase("typ")) {
      throw new IceParseException("candidate line lacks \"typ\"");
    }
    IceCandidateType type = type(words[7]);
    String relatedAddress = null;
    int relatedPort = 0;
    String tcpType = null;
    String ufrag = null;
    // What follows are pairs of name and value; unknown ones are skipped (RFC 8839 section 5.1).
    for (int i = 8; i + 1 < words.length; i += 2) {
      switch (words[i].toLowerCase(Locale.ROOT)) {
        case "raddr" -> relatedAddress = matching("raddr", ADDRESS, words[i + 1]);
        case "rport" -> relatedPort = (int) number("rport", words[i + 1], 0, 65535);
        case "tcptype" ->
            tcpType = matching("tcptype", TCP_TYPE, words[i + 1].toLowerCase(Locale.ROOT));
        case "ufrag" -> ufrag = matching("ufrag", UFRAG, words[i + 1]);
        default -> {}
      }
    }
    return new IceCandidate(
        words[0],
        component,
        transport,
        priority,
        words[4],
        port,
        type,
        relatedAddress == null
            ? Optional.empty()
            : Optional.of(new RelatedAddress(relatedAddress, relatedPort)),
        Optional.ofNullable(tcpType),
        Optional.ofNullable(ufrag));
  }

  /** The line without {@code a=} and line end: {@code candidate:…}. */
  public String toLine() {
    var line = new StringBuilder(128);
    line.append("candidate:").append(foundation);
    line.append(' ').append(component).append(' ').append(transport);
    line.append(' ').append(priority).append(' ').append(address).append(' ').append(port);
    line.append(" typ ").append(type.token());
    if (related.isPresent()) {
      RelatedAddress from = related.get();
      line.append(" raddr ").append(from.address()).append(" rport ").append(from.port());
    }
    if (tcpType.isPresent()) {
      line.append(" tcptype ").append(tcpType.get());
    }
    if (ufrag.isPresent()) {
      line.append(" ufrag ").append(ufrag.get());
    }
    return line.toString();
  }

  private static IceCandidateType type(String word) throws IceParseException {
    for (IceCandidateType type : IceCandidateType.values()) {
      if (type.token().equalsIgnoreCase(word)) {
        return type;
      }
    }
    throw new IceParseException("candidate type is none of host, srflx, prflx, relay");
  }

  private static String matching(String name, Pattern form, String word) throws IceParseException {
    if (!form.matcher(word).matches()) {
      throw new IceParseException("candidate " + name + " has not the form it needs");
    }
    return word;
  }

  private static long number(String name, String word, long min, long max)
      throws IceParseException {
    if (word.isEmpty() || word.length() > 10) {
      throw new IceParseException("candidate " + name + " is not a number of 1 to 10 digits");
    }
    long value = 0;
    for (int i = 0; i < word.length(); i++) {
      char c = word.charAt(i);
      if (c < '0' || c > '9') {
        throw new IceParseException("candidate " + name + " is not a number");
      }
      value = value * 10 + (c - '0');
    }
    if (value < min || value > max) {
      throw new IceParseException("candidate " + name + " is not within " + min + " and " + max);
    }
    return value;
  }
}

package dev.tautline.ice.mdns;

/** Types of resource records, RFC 1035 section 3.2.2, by their numbers. */
final class MdnsType {
  /** An IPv4 address. */
  static final int A = 1;

  /** An IPv6 address, RFC 3596. */
  static final int AAAA = 28;

  /** Which types a name has, and so which it has not, RFC 4034 section 4. */
  static final int NSEC = 47;

  /** In a question: whatever there is. */
  static final int ANY = 255;

  /** The Internet, RFC 1035 section 3.2.4. */
  static final int CLASS_IN = 1;

  /** In a question: whatever there is. */
  static final int CLASS_ANY = 255;

  private MdnsType() {}
}

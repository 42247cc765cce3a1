package dev.tautline.ice.candidate;

import dev.tautline.ice.IceCandidateType;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * Foundations, RFC 8445 section 5.1.1.3: equal for the same type, base address, server, transport.
 */
public final class Foundations {
  private Foundations() {}

  /**
   * A foundation.
   *
   * @param type the candidate's type
   * @param baseAddress the base's IP address without port
   * @param server the STUN server's address, empty for others
   */
  public static String of(IceCandidateType type, String baseAddress, String server) {
    var crc = new CRC32();
    crc.update((type.token() + '|' + baseAddress + '|' + server).getBytes(StandardCharsets.UTF_8));
    return Long.toString(crc.getValue());
  }
}

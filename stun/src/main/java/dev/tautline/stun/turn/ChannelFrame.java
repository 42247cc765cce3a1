package dev.tautline.stun.turn;

import dev.tautline.base.WireWriter;

/**
 * The ChannelData message, RFC 8656 section 12.4.
 *
 * <pre>{@code
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |         Channel Number        |            Length             |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                       Application Data                        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * }</pre>
 */
public final class ChannelFrame {
  /** The header's length in bytes. */
  public static final int HEADER_LENGTH = 4;

  /** The lowest channel number. */
  public static final int FIRST_NUMBER = 0x4000;

  /** The highest channel number; RFC 5766 had more, which RFC 7983 gave to others. */
  public static final int LAST_NUMBER = 0x4FFF;

  private ChannelFrame() {}

  /** Header as an {@code int}: number and length. */
  public static int header(int number, int length) {
    return number << 16 | length;
  }

  /** How many bytes follow the data: over a stream a frame is a multiple of 4 (section 12.5). */
  public static int padding(TurnOptions.Transport transport, int length) {
    return transport == TurnOptions.Transport.STREAM ? -length & 3 : 0;
  }

  /** A whole frame. */
  public static byte[] of(TurnOptions.Transport transport, int number, byte[] data) {
    int padding = padding(transport, data.length);
    var out = new WireWriter(HEADER_LENGTH + data.length + padding);
    out.u32(header(number, data.length)).bytes(data).zeros(padding);
    return out.array();
  }
}

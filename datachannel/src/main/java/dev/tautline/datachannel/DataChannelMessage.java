package dev.tautline.datachannel;

import java.util.Arrays;

/** A message that came in on a channel. */
public sealed interface DataChannelMessage {
  /** The payload's length in bytes as it travelled. */
  int sizeBytes();

  /**
   * A string.
   *
   * @param text the text; bytes that were not UTF-8 have become U+FFFD
   * @param sizeBytes the length of its UTF-8 form
   */
  record Text(String text, int sizeBytes) implements DataChannelMessage {
    /** The text itself. */
    @Override
    public String toString() {
      return text;
    }
  }

  /**
   * Bytes.
   *
   * @param data the payload, which from now on belongs to the receiver
   */
  @SuppressWarnings("ArrayRecordComponent") // equals and hashCode compare the content
  record Binary(byte[] data) implements DataChannelMessage {
    @Override
    public int sizeBytes() {
      return data.length;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Binary binary && Arrays.equals(data, binary.data);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(data);
    }

    @Override
    public String toString() {
      return "Binary[" + data.length + " bytes]";
    }
  }
}

package dev.tautline.ice.tcp;

/** Who gets what a connection receives; every call on the connection's loop. */
public interface TcpListener {
  /** Bytes can be sent. */
  void connected();

  /**
   * Bytes came.
   *
   * @param buffer holds them; good until this returns
   * @param offset where they start
   * @param length how many
   */
  void received(byte[] buffer, int offset, int length);

  /** The bytes of one read were all given. */
  void readEnd();

  /** The connection takes more, or does not. */
  void writableChanged(boolean writable);

  /**
   * The connection could not be made, or ended; told once, and not after {@link TcpStream#close}.
   *
   * @param why in plain words
   */
  void closed(String why);
}

package dev.tautline.ice.turn;

import dev.tautline.ice.endpoint.DatagramSink;
import dev.tautline.ice.tcp.TcpStream;
import dev.tautline.stun.turn.ChannelFrame;
import dev.tautline.stun.turn.TurnOptions;

/** Over a TCP or TLS connection of its own. */
final class StreamCarrier implements TurnCarrier {
  private final TcpStream stream;
  private final String name;

  StreamCarrier(TcpStream stream, String name) {
    this.stream = stream;
    this.name = name;
  }

  @Override
  public void write(byte[] bytes) {
    stream.append(bytes, 0, bytes.length);
  }

  @Override
  public void flush() {
    stream.flush();
  }

  @Override
  public DatagramSink sink() {
    return new DatagramSink() {
      @Override
      public void append(byte[] buffer, int offset, int length) {
        stream.append(buffer, offset, length);
      }

      @Override
      public void append(int header, byte[] buffer, int offset, int length) {
        int padding = ChannelFrame.padding(TurnOptions.Transport.STREAM, length);
        stream.append(header, buffer, offset, length, padding);
      }

      @Override
      public void flush() {
        stream.flush();
      }

      @Override
      public void discard() {
        // What was appended lies behind other frames of the stream, so it goes with them.
        stream.flush();
      }
    };
  }

  @Override
  public boolean isWritable() {
    return stream.isWritable();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void close() {
    stream.close();
  }
}

package dev.tautline.interop.capture;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.LoggerFactory;

/**
 * Takes down the SCTP packets of this JVM's connections as the packet log tells them. Closing ends
 * it.
 */
public final class PacketTap implements AutoCloseable {
  private static final Pattern LINE =
      Pattern.compile("([IO]) \\S+ 0000 ([0-9a-f ]+) # SCTP_PACKET (\\S+)");

  /** Who sent a packet. */
  public enum Direction {
    /** We. */
    OURS,
    /** The other stack. */
    THEIRS
  }

  /** One packet. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Packet(String connection, Direction direction, byte[] bytes) {
    /** The types of its chunks, in order. */
    public List<Integer> chunkTypes() {
      var types = new ArrayList<Integer>();
      int position = 12;
      while (position + 4 <= bytes.length) {
        types.add(bytes[position] & 0xff);
        int length = (bytes[position + 2] & 0xff) << 8 | bytes[position + 3] & 0xff;
        position += Math.max(4, length + 3 & ~3);
      }
      return types;
    }
  }

  private final Logger logger = (Logger) LoggerFactory.getLogger("dev.tautline.sctp.packets");
  private final List<Packet> packets = new ArrayList<>();
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          take(event.getFormattedMessage());
        }
      };

  /** Begins. */
  public PacketTap() {
    appender.setContext(logger.getLoggerContext());
    appender.start();
    logger.setAdditive(false);
    logger.setLevel(Level.TRACE);
    logger.addAppender(appender);
  }

  private void take(String line) {
    Matcher matcher = LINE.matcher(line);
    if (!matcher.matches()) {
      throw new IllegalStateException("not a packet: " + line);
    }
    byte[] bytes = HexFormat.ofDelimiter(" ").parseHex(matcher.group(2));
    Direction direction = matcher.group(1).equals("O") ? Direction.OURS : Direction.THEIRS;
    synchronized (packets) {
      packets.add(new Packet(matcher.group(3), direction, bytes));
    }
  }

  /** What was taken down so far. */
  public List<Packet> packets() {
    synchronized (packets) {
      return List.copyOf(packets);
    }
  }

  @Override
  public void close() {
    logger.detachAppender(appender);
    logger.setLevel(null);
    appender.stop();
  }
}

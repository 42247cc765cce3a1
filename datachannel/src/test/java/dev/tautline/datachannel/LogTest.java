package dev.tautline.datachannel;

import static dev.tautline.datachannel.PeerPair.get;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

@Timeout(60)
class LogTest {
  private static final class Lines extends AppenderBase<ILoggingEvent> {
    final List<String> lines = new CopyOnWriteArrayList<>();

    @Override
    protected void append(ILoggingEvent event) {
      lines.add(event.getFormattedMessage());
    }
  }

  @Test
  void aConnectionCanBeReadEndToEndByItsId() {
    var lines = new Lines();
    lines.start();
    var logger = (Logger) LoggerFactory.getLogger("dev.tautline");
    Level before = logger.getLevel();
    logger.setLevel(Level.DEBUG);
    logger.setAdditive(false);
    logger.addAppender(lines);
    String id;
    try (Tautline tautline = Tautline.create()) {
      try (var pair = new PeerPair(tautline)) {
        id = pair.b.id();
        DataChannel channel = pair.a.createDataChannel("evil\r\nlabel\u202e");
        pair.connect();
        get(channel.opened());
        channel.close();
        get(channel.closed());
      }
    } finally {
      logger.detachAppender(lines);
      logger.setAdditive(true);
      logger.setLevel(before);
    }

    // What concerns no one connection is the network that all of them are in.
    assertThat(lines.lines)
        .isNotEmpty()
        .allMatch(line -> line.matches("pc-[0-9a-f]{4} .*|the network: .*"));
    assertThat(lines.lines.stream().filter(line -> line.startsWith(id + ' ')).toList())
        .anyMatch(line -> line.contains("remote offer set"))
        .anyMatch(line -> line.contains("pair in use"))
        .satisfies(
            ours ->
                assertThat(ours)
                    .as("each step of ICE is told once")
                    .filteredOn(line -> line.endsWith("ICE CONNECTED"))
                    .hasSize(1))
        .anyMatch(line -> line.contains("DTLS established"))
        .anyMatch(line -> line.contains("SCTP established"))
        .anyMatch(line -> line.contains("\"evil\\u000d\\u000alabel\\u202e\""))
        .anyMatch(line -> line.endsWith("closes"));
  }

  @Test
  void aPeersTextIsQuotedAndCut() {
    assertThat(Logs.quoted("plain ünï 🎈")).startsWith("\"plain ünï ");
    assertThat(Logs.quoted("a\"b\\c\nd\u0000")).isEqualTo("\"a\\\"b\\\\c\\u000ad\\u0000\"");
    assertThat(Logs.quoted("x".repeat(1000))).hasSizeLessThan(90).endsWith("…\"");
  }
}

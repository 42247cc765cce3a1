package dev.tautline.stun.turn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tautline.stun.StunClass;
import dev.tautline.stun.StunFormatException;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.StunMethod;
import dev.tautline.stun.TransactionId;
import dev.tautline.stun.attribute.Software;
import dev.tautline.stun.codec.StunWriter;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TurnStreamDecoderTest {
  private static byte[] stun(int textLength) {
    return new StunWriter(
            StunMessage.of(
                StunClass.INDICATION,
                StunMethod.DATA,
                new TransactionId(3, 4),
                new Software("s".repeat(textLength))))
        .toBytes();
  }

  private static byte[] channel(int length) {
    byte[] data = new byte[length];
    Arrays.fill(data, (byte) length);
    return ChannelFrame.of(TurnOptions.Transport.STREAM, 0x4001, data);
  }

  private static List<byte[]> drain(TurnStreamDecoder decoder) throws StunFormatException {
    List<byte[]> frames = new ArrayList<>();
    for (var f = decoder.poll(); f != null; f = decoder.poll()) {
      frames.add(Arrays.copyOfRange(f.buffer(), f.offset(), f.offset() + f.length()));
    }
    return frames;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 7, 19, 21, 64, 1000, 100_000})
  void cutsTheSameFramesHoweverTheStreamIsSplit(int pieces) throws StunFormatException {
    var stream = new ByteArrayOutputStream();
    List<byte[]> expected = new ArrayList<>();
    var random = new Random(pieces);
    for (int i = 0; i < 60; i++) {
      byte[] frame = i % 3 == 0 ? stun(random.nextInt(120)) : channel(random.nextInt(1500));
      stream.writeBytes(frame);
      int length = i % 3 == 0 ? frame.length : 4 + ((frame[2] & 0xff) << 8 | frame[3] & 0xff);
      expected.add(Arrays.copyOf(frame, length));
    }
    byte[] bytes = stream.toByteArray();
    var decoder = new TurnStreamDecoder();
    List<byte[]> frames = new ArrayList<>();
    for (int at = 0; at < bytes.length; at += pieces) {
      decoder.append(bytes, at, Math.min(pieces, bytes.length - at));
      frames.addAll(drain(decoder));
    }
    assertThat(frames).hasSameSizeAs(expected);
    for (int i = 0; i < frames.size(); i++) {
      assertThat(frames.get(i)).isEqualTo(expected.get(i));
    }
    assertThat(decoder.buffered()).isZero();
  }

  @Test
  void rubbishEndsTheStreamAtItsFirstByteOrCookie() {
    for (byte[] rubbish :
        List.of(
            "HTTP/1.1 400".getBytes(java.nio.charset.StandardCharsets.US_ASCII),
            new byte[] {(byte) 0x80},
            new byte[] {0, 1, 0, 3},
            new byte[] {0, 1, 0, 0, 1, 2, 3, 4})) {
      var decoder = new TurnStreamDecoder();
      decoder.append(rubbish, 0, rubbish.length);
      if (rubbish[0] == 'H') {
        // An H is a channel's number; what it calls its length is waited for, up to 64 KiB.
        assertThat(decoder.buffered()).isEqualTo(rubbish.length);
      } else {
        assertThatThrownBy(decoder::poll).isInstanceOf(StunFormatException.class);
      }
    }
  }

  @Test
  void rubbishNeverMakesItKeepMoreThanAFrame() {
    var random = new Random(5);
    for (int round = 0; round < 200; round++) {
      var decoder = new TurnStreamDecoder();
      try {
        for (int i = 0; i < 200; i++) {
          byte[] bytes = new byte[1 + random.nextInt(3000)];
          random.nextBytes(bytes);
          bytes[0] &= 0x7f;
          decoder.append(bytes, 0, bytes.length);
          drain(decoder);
          assertThat(decoder.buffered()).isLessThan(65_535 + 24);
        }
      } catch (StunFormatException e) {
        assertThat(e.reason()).isNotNull();
      }
    }
  }
}

package dev.tautline.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class WireReaderTest {
  private static final byte[] BYTES = {
    (byte) 0x80, 0x01, (byte) 0xff, (byte) 0xfe, (byte) 0xfd, (byte) 0xfc, 7, 8, 9
  };

  @Test
  void readsUnsignedNumbersInNetworkOrder() throws Exception {
    var reader = new WireReader(BYTES);

    assertThat(reader.u16()).isEqualTo(0x8001);
    assertThat(reader.u32()).isEqualTo(0xfffefdfcL);
    assertThat(reader.u8()).isEqualTo(7);
    assertThat(reader.copyRemaining()).containsExactly(8, 9);
    assertThat(reader.remaining()).isZero();
  }

  @Test
  void refusesEveryReadPastTheEndAndStaysWhereItWas() throws Exception {
    var reader = new WireReader(BYTES, 6, 1);

    assertThatThrownBy(reader::u16).isInstanceOf(WireFormatException.class);
    assertThatThrownBy(reader::u32).isInstanceOf(WireFormatException.class);
    assertThatThrownBy(() -> reader.copy(2)).isInstanceOf(WireFormatException.class);
    assertThatThrownBy(() -> reader.slice(-1)).isInstanceOf(WireFormatException.class);
    assertThatThrownBy(() -> reader.skip(Integer.MAX_VALUE))
        .isInstanceOf(WireFormatException.class);
    assertThat(reader.u8()).isEqualTo(7);
  }

  @Test
  void aSliceCannotSeeItsNeighbours() throws Exception {
    var reader = new WireReader(BYTES);
    WireReader slice = reader.slice(2);

    assertThat(slice.u16()).isEqualTo(0x8001);
    assertThatThrownBy(slice::u8).isInstanceOf(WireFormatException.class);
    assertThat(reader.u8()).isEqualTo(0xff);
  }

  @Test
  void whatTheWriterWroteTheReaderReads() throws Exception {
    var writer = new WireWriter(17);
    writer.u8(0x1ff).u16(65535).u32(-2).u64(Long.MIN_VALUE + 1).zeros(2);
    var reader = new WireReader(writer.array());

    assertThat(writer.remaining()).isZero();
    assertThat(reader.u8()).isEqualTo(0xff);
    assertThat(reader.u16()).isEqualTo(65535);
    assertThat(reader.u32()).isEqualTo(0xfffffffeL);
    assertThat(reader.u64Bits()).isEqualTo(Long.MIN_VALUE + 1);
    assertThatThrownBy(() -> writer.u8(1)).isInstanceOf(IndexOutOfBoundsException.class);
  }
}

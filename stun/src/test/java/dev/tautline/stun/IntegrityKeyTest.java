package dev.tautline.stun;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

class IntegrityKeyTest {
  @Test
  void hmacSha1AsInRfc2202Case2() {
    byte[] data = "what do ya want for nothing?".getBytes(StandardCharsets.US_ASCII);
    assertThat(hex(IntegrityKey.shortTerm("Jefe").hmacSha1(data, 0, data.length)))
        .isEqualTo("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  }

  @Test
  void hmacSha256AsInRfc4231Case2() {
    byte[] data = "what do ya want for nothing?".getBytes(StandardCharsets.US_ASCII);
    assertThat(hex(IntegrityKey.shortTerm("Jefe").hmacSha256(data, 0, data.length)))
        .isEqualTo("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  }

  @Test
  void longTermKeyAsInRfc8489Section922() {
    // "Thus, ... the 16-byte key would be the MD5 hash of the string user:realm:pass"
    assertThat(hex(IntegrityKey.longTermMd5("user", "realm", "pass").bytes()))
        .isEqualTo("8493fbc53ba582fb4c044c456bdc40eb");
  }

  @Test
  void crc32OfTheCheckString() {
    var crc = new CRC32();
    crc.update("123456789".getBytes(StandardCharsets.US_ASCII));
    assertThat(crc.getValue()).isEqualTo(0xCBF43926L);
  }

  @Test
  void otherSpacesBecomePlainOnes() {
    assertThat(IntegrityKey.shortTerm("a\u00a0b").bytes())
        .isEqualTo(IntegrityKey.shortTerm("a b").bytes());
  }

  @Test
  void decomposedCharactersAreComposed() {
    assertThat(IntegrityKey.shortTerm("e\u0301").bytes())
        .isEqualTo(IntegrityKey.shortTerm("\u00e9").bytes());
  }

  @Test
  void doesNotShowItself() {
    assertThat(IntegrityKey.shortTerm("secret").toString()).doesNotContain("secret");
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}

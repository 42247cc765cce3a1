package dev.tautline.dtls;

import dev.tautline.dtls.record.RecordHeader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Takes datagrams apart. */
final class Records {
  private Records() {}

  static List<byte[]> of(List<byte[]> datagrams) {
    var records = new ArrayList<byte[]>();
    for (byte[] datagram : datagrams) {
      int at = 0;
      while (at < datagram.length) {
        int end = at + RecordHeader.LENGTH + RecordHeader.fragmentLength(datagram, at);
        records.add(Arrays.copyOfRange(datagram, at, end));
        at = end;
      }
    }
    return records;
  }

  static List<byte[]> of(byte[] datagram) {
    return of(List.of(datagram));
  }

  static int epoch(byte[] record) {
    return RecordHeader.epoch(record, 0);
  }

  static int type(byte[] record) {
    return RecordHeader.type(record, 0);
  }

  static boolean holdsSealedHandshake(byte[] datagram) {
    return of(datagram).stream().anyMatch(r -> epoch(r) == 1 && type(r) == RecordHeader.HANDSHAKE);
  }

  static byte[] plain(int type, long number, byte... fragment) {
    return RecordHeader.record(type, number, fragment);
  }
}

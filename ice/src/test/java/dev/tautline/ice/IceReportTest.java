package dev.tautline.ice;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class IceReportTest {
  private static IceReport report(String serverSays) throws IceParseException {
    IceCandidate host =
        IceCandidate.parse("candidate:1 1 udp 2130706431 192.168.1.2 5000 typ host");
    IceCandidate named =
        IceCandidate.parse("candidate:2 1 udp 2130706431 0f3a-77.local 5001 typ host");
    IceCandidate six = IceCandidate.parse("candidate:3 1 udp 2130706431 2001:db8::7 5002 typ host");
    return new IceReport(
        IceState.FAILED,
        List.of(host, six),
        List.of(new IceReport.RemoteCandidate(named, "the name could not be resolved")),
        List.of(new IceReport.Server("stun:203.0.113.1:3478", serverSays)),
        List.of(
            new IceReport.Pair("host [2001:db8::7]:5002", "host [fe80::1%eth0]:9", "no answer")),
        List.of(new IceReport.Event(12, "stun:203.0.113.1:3478 sees 192.168.1.2 port 5000")),
        Optional.empty(),
        List.of(new IceReport.Counter("send error", 3)),
        "look at 192.168.1.2");
  }

  @Test
  void maskedNoAddressIsLeftAndOneAddressHasOneName() throws IceParseException {
    String text = report("sees us as 198.51.100.7 port 5000").toText(IceReport.Addresses.MASKED);

    assertThat(text)
        .doesNotContain("192.168", "203.0.113", "198.51.100", "db8", "fe80", "0f3a-77")
        .contains(
            "candidate:1 1 udp 2130706431 ipv4-1 5000 typ host",
            "look at ipv4-1",
            "12 ms: stun:ipv4-2:3478 sees ipv4-1 port 5000",
            "name-1.local 5001",
            "[ipv6-1]:5002");
  }

  @Test
  void whatIsNoAddressStays() throws IceParseException {
    String text = report("error 401: Unauthorized at 12:30").toText(IceReport.Addresses.MASKED);

    assertThat(text).contains("error 401: Unauthorized at 12:30").contains("ICE FAILED: ");
  }

  @Test
  void jsonHoldsEverythingAndNoTextBreaksOutOfIt() throws IceParseException {
    String json = report("quote \" back \\ line\n bell \u0007 ü").toJson(IceReport.Addresses.SHOWN);

    assertThat(json)
        .isEqualTo(
            "{\"state\":\"FAILED\",\"hint\":\"look at 192.168.1.2\",\"localCandidates\":["
                + "\"candidate:1 1 udp 2130706431 192.168.1.2 5000 typ host\","
                + "\"candidate:3 1 udp 2130706431 2001:db8::7 5002 typ host\"],"
                + "\"remoteCandidates\":[{\"candidate\":"
                + "\"candidate:2 1 udp 2130706431 0f3a-77.local 5001 typ host\","
                + "\"outcome\":\"the name could not be resolved\"}],"
                + "\"servers\":[{\"url\":\"stun:203.0.113.1:3478\","
                + "\"outcome\":\"quote \\\" back \\\\ line\\u000a bell \\u0007 \\u00fc\"}],"
                + "\"pairs\":[{\"local\":\"host [2001:db8::7]:5002\","
                + "\"remote\":\"host [fe80::1%eth0]:9\",\"outcome\":\"no answer\"}],"
                + "\"timeline\":[{\"atMillis\":12,"
                + "\"what\":\"stun:203.0.113.1:3478 sees 192.168.1.2 port 5000\"}],"
                + "\"counters\":{\"send error\":3}}");
  }
}

package dev.tautline.interop.nat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.interop.nat.NatRun.Outcome;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Some pairs of the table; all of them by the command that {@code docs/nat.md} gives. */
@Timeout(180)
class NatTableIT {
  private static final List<String> SAMPLE =
      List.of(
          "none - EIM/APDF, STUN only",
          "EIM/APDF - EIM/APDF, STUN only",
          "EIM/ADF - APDM/APDF, STUN only",
          "EIM/APDF - APDM/APDF, STUN only",
          "none - IPv6 only, STUN only",
          "dead IPv6 - dead IPv6, STUN only",
          "APDM/APDF - APDM/APDF, STUN and TURN",
          "EIM/APDF - TCP 443 only, STUN and TURN");

  @Test
  void eachPairOfNetworksComesToTheResultThatWasWrittenBefore() throws InterruptedException {
    List<NatCase> cases =
        NatCase.all().stream().filter(line -> SAMPLE.contains(line.toString())).toList();
    assertThat(cases).hasSameSizeAs(SAMPLE);

    List<Outcome> outcomes = NatTable.run(cases);

    assertThat(outcomes).allSatisfy(o -> assertThat(o.fault()).as(o.row()).isNull());
  }
}

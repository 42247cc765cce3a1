package dev.tautline.sctp.rx;

import dev.tautline.sctp.rx.ReassemblyFuzz.Form;

/** {@link ReassemblyFuzz} of DATA. */
public final class DataReassemblyFuzz {
  private DataReassemblyFuzz() {}

  /** Takes one input. */
  public static void fuzzerTestOneInput(byte[] input) {
    ReassemblyFuzz.run(input, Form.DATA);
  }
}

package dev.tautline.sctp.rx;

import dev.tautline.sctp.rx.ReassemblyFuzz.Form;

/** {@link ReassemblyFuzz} of I-DATA. */
public final class InterleavedReassemblyFuzz {
  private InterleavedReassemblyFuzz() {}

  /** Takes one input. */
  public static void fuzzerTestOneInput(byte[] input) {
    ReassemblyFuzz.run(input, Form.I_DATA);
  }
}

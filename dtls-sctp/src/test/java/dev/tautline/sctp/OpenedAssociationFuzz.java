package dev.tautline.sctp;

import dev.tautline.sctp.AssociationFuzz.Role;

/** {@link AssociationFuzz} of a side that opened the association. */
public final class OpenedAssociationFuzz {
  private OpenedAssociationFuzz() {}

  /** Takes one input. */
  public static void fuzzerTestOneInput(byte[] input) {
    AssociationFuzz.run(input, Role.OPENER);
  }
}

package dev.tautline.sctp;

import dev.tautline.sctp.AssociationFuzz.Role;

/** {@link AssociationFuzz} of a side whose peer opened the association. */
public final class AnsweredAssociationFuzz {
  private AnsweredAssociationFuzz() {}

  /** Takes one input. */
  public static void fuzzerTestOneInput(byte[] input) {
    AssociationFuzz.run(input, Role.ANSWERER);
  }
}

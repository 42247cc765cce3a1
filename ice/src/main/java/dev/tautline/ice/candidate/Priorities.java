package dev.tautline.ice.candidate;

import dev.tautline.ice.IceCandidateType;

/** Priorities of candidates and pairs, RFC 8445 sections 5.1.2 and 6.1.2.3. */
public final class Priorities {
  private static final int COMPONENT = 1;

  /** RFC 6544 section 4.2 leaves the type preferences over TCP open, below those over UDP. */
  private static final int TCP_HOST = 90;

  private static final int TCP_PEER_REFLEXIVE = 80;

  private Priorities() {}

  /**
   * 2^24·type + 2^8·local + (256 − component), for component 1.
   *
   * @param type gives the type preference
   * @param localPreference 0 to 65535, different for each address of ours
   */
  public static long candidate(IceCandidateType type, int localPreference) {
    return (long) type.preference() << 24 | (long) localPreference << 8 | 256 - COMPONENT;
  }

  /** What a peer-reflexive candidate seen through this one would have, section 7.1.1. */
  public static long peerReflexive(long candidatePriority) {
    return (long) IceCandidateType.PEER_REFLEXIVE.preference() << 24
        | candidatePriority & 0xff_ffff;
  }

  /**
   * A passive host candidate over TCP, RFC 6544 section 4.2: below everything direct over UDP,
   * above relays; direction preference 4 as for one that is not active.
   *
   * @param localPreference 0 to 65535, different for each address of ours
   */
  public static long passiveTcp(int localPreference) {
    return (long) TCP_HOST << 24 | (4L << 13 | localPreference & 0x1fff) << 8 | 256 - COMPONENT;
  }

  /** What a peer-reflexive candidate seen through this one over TCP would have. */
  public static long peerReflexiveTcp(long candidatePriority) {
    return (long) TCP_PEER_REFLEXIVE << 24 | candidatePriority & 0xff_ffff;
  }

  /**
   * 2^32·min(G,D) + 2·max(G,D) + (G&gt;D ? 1 : 0). With priorities above 2^31 it needs all 64 bits:
   * compare by {@link Long#compareUnsigned}.
   *
   * @param controlling G, the controlling side's candidate, unsigned 32 bit
   * @param controlled D, the controlled side's
   */
  public static long pair(long controlling, long controlled) {
    return (Math.min(controlling, controlled) << 32)
        + 2 * Math.max(controlling, controlled)
        + (controlling > controlled ? 1 : 0);
  }
}

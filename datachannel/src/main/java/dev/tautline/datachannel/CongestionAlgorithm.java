package dev.tautline.datachannel;

/** How a connection finds out how fast it may send. {@code docs/congestion.md} compares them. */
public enum CongestionAlgorithm {
  /**
   * A model of the path, in the manner of BBR: the default. Random loss up to about 2 % does not
   * slow it down.
   */
  MODEL_BASED,
  /** CUBIC, RFC 9438: as most of TCP. */
  CUBIC,
  /** Slow start, congestion avoidance and halving by each loss: RFC 9260, as other stacks do it. */
  RFC_9260;

  /** The same for SCTP. */
  dev.tautline.sctp.CongestionAlgorithm forSctp() {
    return switch (this) {
      case MODEL_BASED -> dev.tautline.sctp.CongestionAlgorithm.MODEL_BASED;
      case CUBIC -> dev.tautline.sctp.CongestionAlgorithm.CUBIC;
      case RFC_9260 -> dev.tautline.sctp.CongestionAlgorithm.RFC_9260;
    };
  }
}

package dev.tautline.datachannel;

import dev.tautline.ice.IceReport.Addresses;

/**
 * What ICE gathered, which servers it asked, each pair it tried and how that ended, and a hint in
 * plain words: why a connection came about as it did, or why it did not. Immutable, any thread.
 */
public final class IceReport {
  private final dev.tautline.ice.IceReport report;
  private final Addresses addresses;

  IceReport(dev.tautline.ice.IceReport report) {
    this(report, Addresses.SHOWN);
  }

  private IceReport(dev.tautline.ice.IceReport report, Addresses addresses) {
    this.report = report;
    this.addresses = addresses;
  }

  /** One sentence that says what to look at, for example which server refused which password. */
  public String hint() {
    return report.hint();
  }

  /**
   * The same report with every address replaced by a name such as {@code ipv4-1}, one name for one
   * address; ports and the host names of servers stay.
   */
  public IceReport masked() {
    return new IceReport(report, Addresses.MASKED);
  }

  /**
   * The report as one JSON object: {@code state}, {@code hint}, {@code selected} (with a pair in
   * use), {@code localCandidates}, {@code remoteCandidates}, {@code servers}, {@code pairs}, {@code
   * timeline} (milliseconds since the start), {@code counters}.
   */
  public String toJson() {
    return report.toJson(addresses);
  }

  /** The report as lines for a person. */
  @Override
  public String toString() {
    return report.toText(addresses);
  }
}

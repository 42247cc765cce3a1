package dev.tautline.ice.check;

/**
 * Keeps the checks of all agents of a runtime apart: RFC 8445 section 14.2 wants no less than 5 ms
 * between them.
 */
@FunctionalInterface
public interface CheckPacer {
  /**
   * Takes the next free moment for one check.
   *
   * @param nowNanos the agent's present time
   * @return when the check may go, in the agent's time; not before {@code nowNanos}
   */
  long reserve(long nowNanos);
}

package dev.tautline.dtls.engine;

/** A task that gives its turn to compute back while it waits. */
public interface GatedTask extends Runnable {
  /** Runs, holding the gate whenever it computes. */
  void run(ComputeGate gate);

  /** Runs without a gate, on an executor that knows none. */
  @Override
  default void run() {
    run(ComputeGate.OPEN);
  }
}

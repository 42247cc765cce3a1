package dev.tautline.testkit;

import java.util.function.Consumer;

/** The settings of one direction of a path. */
public final class OneWay extends Conditions<OneWay> {
  private final Consumer<Consumer<PathModel>> applier;

  OneWay(Consumer<Consumer<PathModel>> applier) {
    this.applier = applier;
  }

  @Override
  void apply(Consumer<PathModel> change) {
    applier.accept(change);
  }

  @Override
  OneWay self() {
    return this;
  }
}

package dev.tautline.interop.turn;

import dev.tautline.datachannel.Tautline;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** A coturn and a runtime of ours for all tests of a class. */
abstract class CoturnContract {
  @TempDir static Path folder;

  static Tautline tautline;
  static Coturn coturn;

  @BeforeAll
  static void start() throws Exception {
    coturn = new Coturn(folder);
    tautline = Tautline.create();
  }

  @AfterAll
  static void stop() {
    if (tautline != null) {
      tautline.close();
      coturn.close();
    }
  }
}

package dev.tautline.sctp.scenario;

import dev.tautline.sctp.scenario.Dialogue.Setup;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** Opens dialogues, and sees each to its end: nothing that was not named, nothing left over. */
@Scenarios
abstract class Dialogues {
  private final List<Dialogue> dialogues = new ArrayList<>();

  /** Z and the peer with RFC 9260's limits and congestion control. */
  Dialogue open() {
    return open(new Setup());
  }

  Dialogue open(Setup setup) {
    Dialogue dialogue = setup.open();
    dialogues.add(dialogue);
    return dialogue;
  }

  static Setup setup() {
    return new Setup();
  }

  @AfterEach
  void nothingIsLeftOver() {
    dialogues.forEach(Dialogue::finish);
  }
}

package dev.tautline.interop.nat;

import dev.tautline.interop.Require;

/** Firefox in the laboratory. */
class LabFirefoxIT extends LabBrowserContract {
  LabFirefoxIT() {
    super(LabBrowser.Kind.FIREFOX);
  }

  @Override
  void require() {
    Require.program("firefox", "firefox-esr");
  }
}

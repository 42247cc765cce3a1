package dev.tautline.interop.nat;

import dev.tautline.interop.Require;

/** Chromium in the laboratory. */
class LabChromiumIT extends LabBrowserContract {
  LabChromiumIT() {
    super(LabBrowser.Kind.CHROMIUM);
  }

  @Override
  void require() {
    Require.program("chromium", "chromium");
    Require.program("chromedriver", "chromium-driver");
  }
}

package dev.tautline.cli;

/** Checks what was given as a port. */
final class Ports {
  private Ports() {}

  static void check(int port) {
    if (port < 0 || port > 65535) {
      throw new CommandFailure(
          "Port " + port + " is not between 0 and 65535; choose another one with --port");
    }
  }
}

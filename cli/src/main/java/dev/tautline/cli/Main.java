package dev.tautline.cli;

import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The {@code tautline} command. */
@Command(
    name = "tautline",
    description = "WebRTC data channels in pure Java.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    subcommands = {
      DemoCommand.class,
      DemoPeerCommand.class,
      ServeCommand.class,
      ConnectCommand.class,
      DoctorCommand.class,
      StunServerCommand.class
    })
public final class Main implements Runnable {
  /** Exit code of a command that did not reach its goal. */
  static final int FAILED = 1;

  /** Exit code of a command line that makes no sense. */
  static final int USAGE = CommandLine.ExitCode.USAGE;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--debug",
      scope = CommandLine.ScopeType.INHERIT,
      description = "Log every step of each connection to standard error.")
  @SuppressWarnings("UnusedMethod") // picocli calls it
  private void debug(boolean on) {
    if (on) {
      var root =
          (ch.qos.logback.classic.Logger)
              LoggerFactory.getLogger(ch.qos.logback.classic.Logger.ROOT_LOGGER_NAME);
      var own = (ch.qos.logback.classic.Logger) LoggerFactory.getLogger("dev.tautline");
      root.setLevel(ch.qos.logback.classic.Level.INFO);
      own.setLevel(ch.qos.logback.classic.Level.DEBUG);
    }
  }

  /** Whether {@code --debug} was given. */
  static boolean debugging() {
    return LoggerFactory.getLogger("dev.tautline").isDebugEnabled();
  }

  /** Runs the command and exits with its code. */
  public static void main(String[] args) {
    System.exit(run(args));
  }

  static int run(String... args) {
    PrintStream err = System.err;
    var commandLine = new CommandLine(new Main());
    commandLine.registerConverter(URI.class, new ServerUri());
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    commandLine.setParameterExceptionHandler(
        (exception, ignored) -> {
          String command = exception.getCommandLine().getCommandSpec().qualifiedName();
          err.println(
              oneLine(CommandFailure.sentence(exception))
                  + "; see '"
                  + command
                  + " --help' for what it takes");
          return USAGE;
        });
    commandLine.setExecutionExceptionHandler(
        (exception, ignored, parsed) -> {
          err.println(oneLine(CommandFailure.sentence(exception)));
          if (!(CommandFailure.unwrap(exception) instanceof CommandFailure)) {
            LoggerFactory.getLogger(Main.class).debug("the command failed", exception);
          }
          return FAILED;
        });
    return commandLine.execute(args);
  }

  /** One line, whatever a peer or a library put into it. */
  static String oneLine(String text) {
    var line = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (c == '\n' || c == '\r' || c == '\t') {
                if (line.length() > 0 && line.charAt(line.length() - 1) != ' ') {
                  line.append(' ');
                }
              } else if (Character.isISOControl(c)) {
                line.append(String.format(Locale.ROOT, "\\u%04x", c));
              } else {
                line.appendCodePoint(c);
              }
            });
    return line.toString().strip();
  }

  @Override
  public void run() {
    spec.commandLine().usage(System.out);
  }

  /** The version in the jar's manifest. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {"tautline " + (version == null ? "development build" : version)};
    }
  }

  static {
    // Text of peers may hold any character; the platform's default may not be able to print it.
    System.setOut(new PrintStream(System.out, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(System.err, true, StandardCharsets.UTF_8));
  }
}

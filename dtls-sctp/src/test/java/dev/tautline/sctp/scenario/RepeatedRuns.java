package dev.tautline.sctp.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.ClassNameFilter.excludeClassNamePatterns;
import static org.junit.platform.engine.discovery.ClassNameFilter.includeClassNamePatterns;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectPackage;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs all SCTP tests again and again in this JVM, each time with other seeds: {@code
 * -Dtest=RepeatedRuns -Dtautline.runs=100}. Its name keeps it out of the normal build. The last
 * line says how many tests there are and how many failed; each failure is printed with its run,
 * which {@code -Dtautline.run=N} repeats.
 */
class RepeatedRuns {
  private static final int RUNS = Integer.getInteger("tautline.runs", 100);

  /** Names of classes, for a part of the tests. */
  private static final String CLASSES = System.getProperty("tautline.classes", ".*Test");

  private static final int SHOWN_CHARACTERS = 20_000;

  /** What one run did. */
  private static final class Tally implements TestExecutionListener {
    private final int run;
    private final Set<String> methods = new HashSet<>();
    private final List<String> failures = new ArrayList<>();

    Tally(int run) {
      this.run = run;
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      test.getSource()
          .filter(MethodSource.class::isInstance)
          .map(MethodSource.class::cast)
          .ifPresent(method -> methods.add(method.getClassName() + "." + method.getMethodName()));
      if (result.getStatus() == TestExecutionResult.Status.FAILED) {
        String message = result.getThrowable().map(Throwable::toString).orElse("");
        failures.add(test.getLegacyReportingName());
        say(
            "run "
                + run
                + ": "
                + test.getUniqueId()
                + " failed; again with -D"
                + Seeds.RUN
                + "="
                + run);
        say(message.length() > SHOWN_CHARACTERS ? message.substring(0, SHOWN_CHARACTERS) : message);
      }
    }
  }

  private static void say(String line) {
    System.out.println(line);
  }

  @Test
  void everyTestPassesEachTime() {
    LauncherDiscoveryRequest tests =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectPackage("dev.tautline.sctp"))
            .filters(
                includeClassNamePatterns(CLASSES),
                // What the classes import is the same in each run.
                excludeClassNamePatterns(".*ArchitectureTest"),
                TagFilter.excludeTags("dtls"))
            .build();
    Launcher launcher = LauncherFactory.create();
    var methods = new HashSet<String>();
    var failures = new ArrayList<String>();
    int scenarios = 0;
    String before = System.getProperty(Seeds.RUN, "0");
    try {
      for (int run = 0; run < RUNS; run++) {
        System.setProperty(Seeds.RUN, Integer.toString(run));
        LadderRegistry.clear();
        var tally = new Tally(run);
        launcher.execute(tests, tally);
        methods.addAll(tally.methods);
        failures.addAll(tally.failures);
        scenarios = Math.max(scenarios, LadderRegistry.size());
        say(
            "run "
                + run
                + ": "
                + tally.methods.size()
                + " tests, "
                + tally.failures.size()
                + " failed");
      }
    } finally {
      System.setProperty(Seeds.RUN, before);
      LadderRegistry.clear();
    }
    say(
        methods.size()
            + " tests ("
            + scenarios
            + " of them scenarios with packet ladders of their own) × "
            + RUNS
            + " runs: "
            + failures.size()
            + " failed");
    assertThat(methods).isNotEmpty();
    assertThat(failures).isEmpty();
  }
}

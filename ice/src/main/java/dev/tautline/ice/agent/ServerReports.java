package dev.tautline.ice.agent;

import dev.tautline.ice.IceReport;
import dev.tautline.ice.IceServer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What came of each server. */
final class ServerReports {
  private final Map<String, Set<String>> outcomes = new LinkedHashMap<>();

  void asked(IceServer server) {
    outcomesOf(server);
  }

  void ended(IceServer server, String outcome) {
    outcomesOf(server).add(outcome);
  }

  /** What came of it is no more. */
  void ended(IceServer server, String before, String outcome) {
    Set<String> texts = outcomesOf(server);
    texts.remove(before);
    texts.add(outcome);
  }

  private Set<String> outcomesOf(IceServer server) {
    return outcomes.computeIfAbsent(server.url(), url -> new TreeSet<>());
  }

  List<IceReport.Server> reports() {
    List<IceReport.Server> reports = new ArrayList<>();
    outcomes.forEach(
        (url, texts) ->
            reports.add(
                new IceReport.Server(
                    url, texts.isEmpty() ? "no answer yet" : String.join("; ", texts))));
    return reports;
  }
}

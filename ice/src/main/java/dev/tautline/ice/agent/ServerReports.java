package dev.tautline.ice.agent;

import dev.tautline.ice.IceReport;
import dev.tautline.ice.IceServer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** What came of each server. */
final class ServerReports {
  private final Map<String, TreeSet<String>> outcomes = new LinkedHashMap<>();

  void asked(IceServer server) {
    outcomes.computeIfAbsent(server.url(), url -> new TreeSet<>());
  }

  void ended(IceServer server, String outcome) {
    asked(server);
    outcomes.get(server.url()).add(outcome);
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

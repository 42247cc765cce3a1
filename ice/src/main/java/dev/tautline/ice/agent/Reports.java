package dev.tautline.ice.agent;

import dev.tautline.base.DropCounters;
import dev.tautline.ice.IceCandidate;
import dev.tautline.ice.IceCandidateType;
import dev.tautline.ice.IceReport;
import dev.tautline.ice.check.Generations;
import dev.tautline.ice.check.IceDrop;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Makes the report, and the one sentence that says what to look at. */
final class Reports {
  private Reports() {}

  static IceReport make(
      Generations core,
      List<IceCandidate> local,
      List<IceReport.RemoteCandidate> remote,
      List<IceReport.Server> servers,
      List<IceReport.Event> timeline,
      DropCounters<IceDrop> drops) {
    List<IceReport.Counter> counters = new ArrayList<>();
    drops
        .snapshot()
        .forEach(
            (drop, count) ->
                counters.add(
                    new IceReport.Counter(
                        drop.name().toLowerCase(Locale.ROOT).replace('_', ' '), count)));
    return new IceReport(
        core.state(),
        local,
        remote,
        servers,
        core.pairReports(),
        timeline,
        core.selectedPair(),
        counters,
        hint(core, local, remote, servers));
  }

  private static String hint(
      Generations core,
      List<IceCandidate> local,
      List<IceReport.RemoteCandidate> remote,
      List<IceReport.Server> servers) {
    return switch (core.state()) {
      case NEW -> "not started: the peer's description has not been set";
      case CHECKING -> "checks are running";
      case CONNECTED, COMPLETED -> "connected";
      case DISCONNECTED ->
          "the peer has been silent for a while: its network or process may be gone, or it comes"
              + " back";
      case CLOSED -> "closed";
      case FAILED -> failure(core, local, remote, servers);
    };
  }

  private static String failure(
      Generations core,
      List<IceCandidate> local,
      List<IceReport.RemoteCandidate> remote,
      List<IceReport.Server> servers) {
    if (core.consentRefused()) {
      return "the peer refused to receive from us (403)";
    }
    if (core.pairReports().stream().anyMatch(p -> p.outcome().startsWith("worked"))) {
      return "the connection worked, then the peer stopped answering: its process or network is"
          + " gone";
    }
    Optional<String> noRelay = noRelay(local, servers);
    if (local.isEmpty() && noRelay.isPresent()) {
      return noRelay.get();
    }
    if (local.isEmpty()) {
      return "this host offered no address: all its interfaces are down, filtered or loopback"
          + " (loopback is used only by option)";
    }
    if (remote.isEmpty() && core.remoteCount() == 0) {
      return "the peer told no candidate and no check of it came: look at the signalling";
    }
    boolean allUnresolved =
        !remote.isEmpty()
            && core.remoteCount() == 0
            && remote.stream().allMatch(r -> r.candidate().isMulticastDnsName());
    if (allUnresolved) {
      return "the peer offered only .local names and none could be resolved, and no check of it"
          + " came";
    }
    if (core.pairReports().isEmpty()) {
      return "no pair could be made: no candidate of the peer can be reached from an address of"
          + " ours (other address family, loopback, or TCP alone)";
    }
    if (core.rejectedChecks() > 0) {
      return "checks came with wrong credentials: the descriptions of the two sides do not belong"
          + " together";
    }
    if (core.unsignedRefusals() > 0) {
      return "our checks were answered 401 (wrong credentials): the descriptions of the two sides"
          + " do not belong together";
    }
    if (noRelay.isPresent()) {
      return noRelay.get();
    }
    boolean serverFailed =
        servers.stream()
            .anyMatch(s -> !s.url().startsWith("turn") && !s.outcome().startsWith("sees us"));
    if (serverFailed) {
      return "no pair answered, and a STUN server gave no address: look at the servers and at"
          + " firewalls for UDP";
    }
    return servers.isEmpty()
        ? "no pair answered and no STUN server was configured: between different networks one is"
            + " needed"
        : "no pair answered: a firewall or a NAT that needs a relay lies between the peers";
  }

  /** Why a relay, which would have helped, was not there; empty where none was configured. */
  private static Optional<String> noRelay(
      List<IceCandidate> local, List<IceReport.Server> servers) {
    if (local.stream().anyMatch(c -> c.type() == IceCandidateType.RELAYED)) {
      return Optional.empty();
    }
    return servers.stream()
        .filter(s -> s.url().regionMatches(true, 0, "turn", 0, 4))
        .findFirst()
        .map(s -> "no relay candidate: " + s.outcome());
  }
}

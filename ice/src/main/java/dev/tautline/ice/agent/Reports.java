package dev.tautline.ice.agent;

import dev.tautline.base.DropCounters;
import dev.tautline.ice.IceCandidate;
import dev.tautline.ice.IceCandidateType;
import dev.tautline.ice.IceReport;
import dev.tautline.ice.candidate.PairableAddress;
import dev.tautline.ice.check.Generations;
import dev.tautline.ice.check.IceDrop;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Makes the report, and the one sentence that says what to look at. */
final class Reports {
  private Reports() {}

  static IceReport make(
      Generations core,
      List<IceCandidate> local,
      List<IceReport.RemoteCandidate> remote,
      List<IceReport.Server> servers,
      List<IceReport.Event> timeline,
      DropCounters<IceDrop> drops,
      Optional<String> withheld) {
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
        hint(core, local, remote, servers, withheld));
  }

  /** The same with what people read changed, save for candidates, which are as they were told. */
  static IceReport rewritten(IceReport report, UnaryOperator<String> change) {
    return new IceReport(
        report.state(),
        report.localCandidates(),
        report.remoteCandidates(),
        report.servers().stream()
            .map(s -> new IceReport.Server(s.url(), change.apply(s.outcome())))
            .toList(),
        report.pairs().stream()
            .map(p -> new IceReport.Pair(change.apply(p.local()), p.remote(), p.outcome()))
            .toList(),
        report.timeline().stream()
            .map(e -> new IceReport.Event(e.atMillis(), change.apply(e.what())))
            .toList(),
        report.selected(),
        report.counters(),
        change.apply(report.hint()));
  }

  private static String hint(
      Generations core,
      List<IceCandidate> local,
      List<IceReport.RemoteCandidate> remote,
      List<IceReport.Server> servers,
      Optional<String> withheld) {
    return switch (core.state()) {
      case NEW -> "not started: the peer's description has not been set";
      case CHECKING -> "checks are running";
      case CONNECTED, COMPLETED -> "connected";
      case DISCONNECTED ->
          "the peer has been silent for a while: its network or process may be gone, or it comes"
              + " back";
      case CLOSED -> "closed";
      case FAILED -> failure(core, local, remote, servers, withheld);
    };
  }

  private static String failure(
      Generations core,
      List<IceCandidate> local,
      List<IceReport.RemoteCandidate> remote,
      List<IceReport.Server> servers,
      Optional<String> withheld) {
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
    if (local.isEmpty() && withheld.isPresent()) {
      return "our addresses are to be told as .local names, and none could be answered for ("
          + withheld.get()
          + "): no host candidate was told";
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
    if (core.rejectedChecks() > 0) {
      return "checks came with wrong credentials: the descriptions of the two sides do not belong"
          + " together";
    }
    if (core.unsignedRefusals() > 0) {
      return "our checks were answered 401 (wrong credentials): the descriptions of the two sides"
          + " do not belong together";
    }
    List<String> causes = new ArrayList<>();
    if (core.pairReports().isEmpty()) {
      causes.add("no pair could be made: " + unpaired(local, remote));
    } else {
      causes.add(unanswered(local, core.remoteAddresses(), core.pairReports()));
    }
    silence(servers).ifPresent(causes::add);
    noRelay.ifPresent(causes::add);
    if (servers.isEmpty()) {
      causes.add("no STUN server was configured: between different networks one is needed");
    } else if (servers.stream().noneMatch(Reports::isTurn)) {
      causes.add("no TURN server was configured, which would carry what cannot go directly");
    }
    return String.join("; ", causes);
  }

  private static String unpaired(List<IceCandidate> local, List<IceReport.RemoteCandidate> remote) {
    boolean ours4 = local.stream().anyMatch(c -> !isIpv6(c.address()) && !c.isMulticastDnsName());
    boolean ours6 = local.stream().anyMatch(c -> isIpv6(c.address()));
    // A name does not tell the family.
    List<String> theirs =
        remote.stream()
            .map(IceReport.RemoteCandidate::candidate)
            .filter(c -> !c.isMulticastDnsName())
            .map(IceCandidate::address)
            .toList();
    boolean theirs4 = theirs.stream().anyMatch(address -> !isIpv6(address));
    boolean theirs6 = theirs.stream().anyMatch(Reports::isIpv6);
    if (ours4 && !ours6 && theirs6 && !theirs4) {
      return "we have IPv4 addresses only, the peer offered IPv6 ones only";
    }
    if (ours6 && !ours4 && theirs4 && !theirs6) {
      return "we have IPv6 addresses only, the peer offered IPv4 ones only";
    }
    return "no candidate of the peer can be reached from an address of ours (other address family,"
        + " loopback, or TCP alone)";
  }

  /** The pairs were tried; which family is common says where to look first. */
  private static String unanswered(
      List<IceCandidate> local, List<InetSocketAddress> remote, List<IceReport.Pair> pairs) {
    boolean bothFamilies =
        local.stream()
                    .filter(c -> !c.isMulticastDnsName())
                    .map(c -> isIpv6(c.address()))
                    .distinct()
                    .count()
                == 2
            || remote.stream().map(a -> a.getAddress() instanceof Inet6Address).distinct().count()
                == 2;
    if (bothFamilies && pairs.stream().allMatch(pair -> pair.local().contains("["))) {
      return "only IPv6 is common to both sides, and no IPv6 pair answered: IPv6 may lead nowhere"
          + " on one of them";
    }
    return "no pair answered: firewalls or NATs between the peers let no direct connection through";
  }

  /** Every STUN or TURN server that was asked over UDP kept silent. */
  private static Optional<String> silence(List<IceReport.Server> servers) {
    List<IceReport.Server> asked =
        servers.stream()
            .filter(s -> !s.outcome().equals(PairableAddress.UNREACHED))
            .filter(s -> !isTurn(s))
            .toList();
    if (asked.isEmpty() || asked.stream().anyMatch(s -> s.outcome().startsWith("sees us"))) {
      return Optional.empty();
    }
    return Optional.of(
        "no STUN server gave an address ("
            + asked.get(0).outcome()
            + "): UDP may be blocked in this network");
  }

  private static boolean isTurn(IceReport.Server server) {
    return server.url().regionMatches(true, 0, "turn", 0, 4);
  }

  private static boolean isIpv6(String address) {
    return address.indexOf(':') >= 0;
  }

  /** Why a relay, which would have helped, was not there; empty where none was configured. */
  private static Optional<String> noRelay(
      List<IceCandidate> local, List<IceReport.Server> servers) {
    if (local.stream().anyMatch(c -> c.type() == IceCandidateType.RELAYED)) {
      return Optional.empty();
    }
    return servers.stream()
        .filter(Reports::isTurn)
        .filter(s -> !s.outcome().equals(PairableAddress.UNREACHED))
        .findFirst()
        .map(s -> "no relay candidate: " + s.outcome());
  }
}

package dev.tautline.ice;

import java.util.List;
import java.util.Optional;

/**
 * What happened to an agent, for people: why it connected as it did, or why it did not.
 *
 * @param state the state when the report was made
 * @param localCandidates what was gathered
 * @param remoteCandidates what the peer told, and what came of each
 * @param servers each server that was asked, and its answer or silence
 * @param pairs each pair that was tried, best first, and its end
 * @param timeline what happened when, oldest first; bounded
 * @param selected the pair that carries data
 * @param counters what was dropped or retried, by name; only those above 0
 * @param hint one sentence in plain words that says what to look at
 */
public record IceReport(
    IceState state,
    List<IceCandidate> localCandidates,
    List<RemoteCandidate> remoteCandidates,
    List<Server> servers,
    List<Pair> pairs,
    List<Event> timeline,
    Optional<SelectedPair> selected,
    List<Counter> counters,
    String hint) {

  /** Copies the lists. */
  public IceReport {
    localCandidates = List.copyOf(localCandidates);
    remoteCandidates = List.copyOf(remoteCandidates);
    servers = List.copyOf(servers);
    pairs = List.copyOf(pairs);
    timeline = List.copyOf(timeline);
    counters = List.copyOf(counters);
  }

  /**
   * A candidate of the peer.
   *
   * @param candidate as the peer told it, or as its check showed it
   * @param outcome what came of it: paired, or why not
   */
  public record RemoteCandidate(IceCandidate candidate, String outcome) {}

  /**
   * A server that was asked for a candidate.
   *
   * @param url as it was configured
   * @param outcome the address it told, its error, or its silence
   */
  public record Server(String url, String outcome) {}

  /**
   * A pair of candidates.
   *
   * @param local our side, address and port
   * @param remote the peer's side, address, port and type
   * @param outcome how it ended or stands
   */
  public record Pair(String local, String remote, String outcome) {}

  /**
   * Something that happened.
   *
   * @param atMillis milliseconds since the agent was made
   * @param what one line
   */
  public record Event(long atMillis, String what) {}

  /**
   * How often something happened.
   *
   * @param name what
   * @param count how often, above 0
   */
  public record Counter(String name, long count) {}

  /** Whether addresses appear in a text about a connection. */
  public enum Addresses {
    /** As they are. */
    SHOWN,
    /** Replaced by {@code ipv4-1}, {@code ipv6-1}, {@code name-1.local}; ports stay. */
    MASKED
  }

  /** All of it as lines for a person. */
  public String toText(Addresses addresses) {
    return addresses == Addresses.MASKED ? new AddressMask().mask(toString()) : toString();
  }

  /** All of it as one JSON object (RFC 8259) with the names of this record's components. */
  public String toJson(Addresses addresses) {
    var json = new JsonText();
    json.begin('{').field("state", state.name()).field("hint", hint);
    selected.ifPresent(
        pair ->
            json.name("selected")
                .begin('{')
                .field("local", pair.local().toLine())
                .field("remote", pair.remote().toLine())
                .end('}'));
    json.name("localCandidates").begin('[');
    localCandidates.forEach(candidate -> json.value(candidate.toLine()));
    json.end(']').name("remoteCandidates").begin('[');
    for (RemoteCandidate remote : remoteCandidates) {
      json.begin('{')
          .field("candidate", remote.candidate().toLine())
          .field("outcome", remote.outcome())
          .end('}');
    }
    json.end(']').name("servers").begin('[');
    for (Server server : servers) {
      json.begin('{').field("url", server.url()).field("outcome", server.outcome()).end('}');
    }
    json.end(']').name("pairs").begin('[');
    for (Pair pair : pairs) {
      json.begin('{')
          .field("local", pair.local())
          .field("remote", pair.remote())
          .field("outcome", pair.outcome())
          .end('}');
    }
    json.end(']').name("timeline").begin('[');
    for (Event event : timeline) {
      json.begin('{').field("atMillis", event.atMillis()).field("what", event.what()).end('}');
    }
    json.end(']').name("counters").begin('{');
    counters.forEach(counter -> json.field(counter.name(), counter.count()));
    String text = json.end('}').end('}').toString();
    return addresses == Addresses.MASKED ? new AddressMask().mask(text) : text;
  }

  /** All of it as lines for a person. */
  @Override
  public String toString() {
    var text = new StringBuilder(512);
    text.append("ICE ").append(state).append(": ").append(hint).append('\n');
    selected.ifPresent(
        pair ->
            text.append("  in use: ")
                .append(pair.local().toLine())
                .append(" <-> ")
                .append(pair.remote().toLine())
                .append('\n'));
    for (IceCandidate candidate : localCandidates) {
      text.append("  ours:   ").append(candidate.toLine()).append('\n');
    }
    for (RemoteCandidate remote : remoteCandidates) {
      text.append("  theirs: ").append(remote.candidate().toLine());
      text.append(" (").append(remote.outcome()).append(")\n");
    }
    for (Server server : servers) {
      text.append("  server: ").append(server.url()).append(": ").append(server.outcome());
      text.append('\n');
    }
    for (Pair pair : pairs) {
      text.append("  pair:   ").append(pair.local()).append(" -> ").append(pair.remote());
      text.append(": ").append(pair.outcome()).append('\n');
    }
    for (Counter counter : counters) {
      text.append("  count:  ").append(counter.name()).append(" = ").append(counter.count());
      text.append('\n');
    }
    for (Event event : timeline) {
      text.append("  ").append(event.atMillis()).append(" ms: ").append(event.what()).append('\n');
    }
    return text.toString();
  }
}

package dev.tautline.signalling.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tautline.signalling.protocol.RelayedMessage.Candidate;
import dev.tautline.signalling.protocol.RelayedMessage.Description;
import dev.tautline.signalling.protocol.RoomEvent.PeerJoined;
import dev.tautline.signalling.protocol.RoomEvent.PeerLeft;
import dev.tautline.signalling.protocol.RoomEvent.Relayed;
import dev.tautline.signalling.protocol.ServerMessage.Accepted;
import dev.tautline.signalling.protocol.ServerMessage.Numbered;
import dev.tautline.signalling.protocol.ServerMessage.Pong;
import dev.tautline.signalling.protocol.ServerMessage.Refused;
import dev.tautline.signalling.protocol.ServerMessage.Welcome;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The JSON form of every message. What is read comes from strangers: types are checked and nothing
 * is converted, members with unknown names are ignored.
 *
 * <p>Thread rule: any thread.
 */
public final class JsonCodec {
  // Our deepest message has three levels. Lengths are limited by the message before it gets here.
  private static final int MAX_DEPTH = 32;
  private static final int MAX_NUMBER_LENGTH = 20;
  private static final int MAX_NAME_LENGTH = 256;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxNumberLength(MAX_NUMBER_LENGTH)
                          .maxNameLength(MAX_NAME_LENGTH)
                          .build())
                  .build())
          // Two readers that pick different ones of two equal names disagree on what was said.
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private JsonCodec() {}

  // Reading.

  /** Reads a claim's body; an empty one is a claim without wishes. */
  public static ClaimRequest readClaimRequest(String json) throws RoomsProtocolException {
    if (json.isBlank()) {
      return ClaimRequest.PLAIN;
    }
    JsonNode node = object(json);
    String resume = optionalText(node, "resume");
    String token = optionalText(node, "token");
    try {
      return new ClaimRequest(resume, token);
    } catch (IllegalArgumentException e) {
      throw bad("\"token\": " + e.getMessage());
    }
  }

  /** Reads the answer to a claim. */
  public static ClaimGranted readClaimGranted(String json) throws RoomsProtocolException {
    JsonNode node = object(json);
    return new ClaimGranted(
        smallNumber(node, "version"),
        parsed(node, "room", RoomName::new),
        number(node, "incarnation"),
        smallNumber(node, "capacity"),
        parsed(node, "slot", Slot::parse),
        number(node, "member"),
        text(node, "token"),
        number(node, "expiresMillis"));
  }

  /** Reads a problem document; members that are missing are made up from the status. */
  public static Problem readProblem(String json, int status) {
    try {
      JsonNode node = object(json);
      String type = optionalText(node, "type");
      String title = optionalText(node, "title");
      String detail = optionalText(node, "detail");
      return new Problem(
          type == null ? "about:blank" : type,
          title == null ? "" : title,
          status,
          detail == null ? "" : detail);
    } catch (RoomsProtocolException e) {
      // Not from a rooms server, or from something in front of it: the status is all there is.
      return new Problem("about:blank", "", status, "");
    }
  }

  /** Reads a member's message. */
  public static ClientMessage readClientMessage(String json) throws RoomsProtocolException {
    JsonNode node = object(json);
    String type = text(node, "type");
    return switch (type) {
      case "description", "candidate" ->
          new ClientMessage.Relay(positive(node, "id"), positive(node, "to"), relayed(type, node));
      case "ack" -> new ClientMessage.Ack(number(node, "event"));
      case "ping" -> new ClientMessage.Ping();
      case "leave" -> new ClientMessage.Leave();
      default -> throw bad("the type is not description, candidate, ack, ping or leave");
    };
  }

  /** Reads a server's message. */
  public static ServerMessage readServerMessage(String json) throws RoomsProtocolException {
    JsonNode node = object(json);
    String type = text(node, "type");
    if (node.has("event")) {
      return new Numbered(positive(node, "event"), event(type, node));
    }
    return switch (type) {
      case "welcome" ->
          new Welcome(
              parsed(node, "room", RoomName::new),
              number(node, "incarnation"),
              parsed(node, "slot", Slot::parse),
              number(node, "member"),
              number(node, "accepted"),
              number(node, "expiresMillis"));
      case "accepted" -> new Accepted(number(node, "id"));
      case "refused" -> {
        JsonNode problem = objectMember(node, "problem");
        yield new Refused(
            number(node, "id"),
            new Problem(
                text(problem, "type"),
                text(problem, "title"),
                smallNumber(problem, "status"),
                text(problem, "detail")));
      }
      case "pong" -> new Pong();
      default -> new ServerMessage.Unknown(type);
    };
  }

  private static RoomEvent event(String type, JsonNode node) throws RoomsProtocolException {
    return switch (type) {
      case "peer-joined" -> new PeerJoined(peer(node));
      case "peer-left" -> new PeerLeft(peer(node), LeaveReason.ofWireName(text(node, "reason")));
      case "description", "candidate" -> new Relayed(number(node, "from"), relayed(type, node));
      default -> new RoomEvent.Unknown(type);
    };
  }

  private static RelayedMessage relayed(String type, JsonNode node) throws RoomsProtocolException {
    JsonNode body = objectMember(node, type);
    if (type.equals("candidate")) {
      JsonNode index = body.path("sdpMLineIndex");
      return new Candidate(
          text(body, "candidate"),
          optionalText(body, "sdpMid"),
          index.isMissingNode() || index.isNull() ? null : smallNumber(body, "sdpMLineIndex"),
          optionalText(body, "usernameFragment"));
    }
    String sdp = text(body, "sdp");
    return parsed(body, "type", word -> new Description(word, sdp));
  }

  private static Peer peer(JsonNode node) throws RoomsProtocolException {
    JsonNode peer = objectMember(node, "peer");
    return new Peer(parsed(peer, "slot", Slot::parse), number(peer, "member"));
  }

  private static JsonNode object(String json) throws RoomsProtocolException {
    JsonNode node;
    try {
      node = MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      // The parser's own words quote what it was given; a position is enough and safe to log.
      throw new RoomsProtocolException(ProblemKind.BAD_JSON, "not JSON" + position(e));
    }
    if (node == null || !node.isObject()) {
      throw new RoomsProtocolException(ProblemKind.BAD_JSON, "not a JSON object");
    }
    return node;
  }

  private static String position(JsonProcessingException e) {
    return e.getLocation() == null
        ? ""
        : " (line "
            + e.getLocation().getLineNr()
            + ", column "
            + e.getLocation().getColumnNr()
            + ")";
  }

  private static JsonNode objectMember(JsonNode node, String name) throws RoomsProtocolException {
    JsonNode member = node.path(name);
    if (!member.isObject()) {
      throw bad("\"" + name + "\" is not an object");
    }
    return member;
  }

  private static String text(JsonNode node, String name) throws RoomsProtocolException {
    JsonNode member = node.path(name);
    if (!member.isTextual()) {
      throw bad("\"" + name + "\" is not a string");
    }
    return member.textValue();
  }

  private static @Nullable String optionalText(JsonNode node, String name)
      throws RoomsProtocolException {
    JsonNode member = node.path(name);
    return member.isMissingNode() || member.isNull() ? null : text(node, name);
  }

  private static long number(JsonNode node, String name) throws RoomsProtocolException {
    JsonNode member = node.path(name);
    if (!member.isIntegralNumber()
        || !member.canConvertToLong()
        || member.longValue() < 0
        || member.longValue() > RoomsProtocol.MAX_NUMBER) {
      throw bad("\"" + name + "\" is not an integer from 0 to 2^53 - 1");
    }
    return member.longValue();
  }

  private static long positive(JsonNode node, String name) throws RoomsProtocolException {
    long value = number(node, name);
    if (value == 0) {
      throw bad("\"" + name + "\" is 0; it counts from 1");
    }
    return value;
  }

  private static int smallNumber(JsonNode node, String name) throws RoomsProtocolException {
    long value = number(node, name);
    if (value > 65_535) {
      throw bad("\"" + name + "\" is not an integer from 0 to 65535");
    }
    return (int) value;
  }

  private static <T> T parsed(JsonNode node, String name, Function<String, T> parser)
      throws RoomsProtocolException {
    String text = text(node, name);
    try {
      return parser.apply(text);
    } catch (IllegalArgumentException e) {
      throw bad("\"" + name + "\": " + e.getMessage());
    }
  }

  private static RoomsProtocolException bad(String message) {
    return new RoomsProtocolException(ProblemKind.BAD_MESSAGE, message);
  }

  // Writing.

  /** Writes a claim's body. */
  public static String write(ClaimRequest request) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    if (request.resume() != null) {
      node.put("resume", request.resume());
    }
    if (request.token() != null) {
      node.put("token", request.token());
    }
    return node.toString();
  }

  /** Writes the answer to a claim. */
  public static String write(ClaimGranted granted) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("version", granted.version())
        .put("room", granted.room().value())
        .put("incarnation", granted.incarnation())
        .put("capacity", granted.capacity())
        .put("slot", granted.slot().toString())
        .put("member", granted.member())
        .put("token", granted.token())
        .put("expiresMillis", granted.expiresMillis())
        .toString();
  }

  /** Writes a problem document. */
  public static String write(Problem problem) {
    return problemNode(problem).toString();
  }

  /** Writes a member's message. */
  public static String write(ClientMessage message) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    if (message instanceof ClientMessage.Relay relay) {
      node.put("type", typeOf(relay.message())).put("id", relay.id()).put("to", relay.to());
      putRelayed(node, relay.message());
    } else if (message instanceof ClientMessage.Ack ack) {
      node.put("type", "ack").put("event", ack.event());
    } else if (message instanceof ClientMessage.Ping) {
      node.put("type", "ping");
    } else if (message instanceof ClientMessage.Leave) {
      node.put("type", "leave");
    }
    return node.toString();
  }

  /** Writes a server's message. */
  public static String write(ServerMessage message) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    if (message instanceof Numbered numbered) {
      node.put("event", numbered.number());
      putEvent(node, numbered.event());
    } else if (message instanceof Welcome welcome) {
      node.put("type", "welcome")
          .put("room", welcome.room().value())
          .put("incarnation", welcome.incarnation())
          .put("slot", welcome.slot().toString())
          .put("member", welcome.member())
          .put("accepted", welcome.accepted())
          .put("expiresMillis", welcome.expiresMillis());
    } else if (message instanceof Accepted accepted) {
      node.put("type", "accepted").put("id", accepted.id());
    } else if (message instanceof Refused refused) {
      node.put("type", "refused").put("id", refused.id());
      node.set("problem", problemNode(refused.problem()));
    } else if (message instanceof Pong) {
      node.put("type", "pong");
    } else if (message instanceof ServerMessage.Unknown unknown) {
      node.put("type", unknown.type());
    }
    return node.toString();
  }

  private static void putEvent(ObjectNode node, RoomEvent event) {
    if (event instanceof PeerJoined joined) {
      node.put("type", "peer-joined").set("peer", peerNode(joined.peer()));
    } else if (event instanceof PeerLeft left) {
      node.put("type", "peer-left").set("peer", peerNode(left.peer()));
      node.put("reason", left.reason().wireName());
    } else if (event instanceof Relayed relayed) {
      node.put("type", typeOf(relayed.message())).put("from", relayed.from());
      putRelayed(node, relayed.message());
    } else if (event instanceof RoomEvent.Unknown unknown) {
      node.put("type", unknown.type());
    }
  }

  private static String typeOf(RelayedMessage message) {
    return message instanceof Description ? "description" : "candidate";
  }

  private static void putRelayed(ObjectNode node, RelayedMessage message) {
    if (message instanceof Description description) {
      node.putObject("description").put("type", description.type()).put("sdp", description.sdp());
    } else if (message instanceof Candidate candidate) {
      node.putObject("candidate")
          .put("candidate", candidate.candidate())
          .put("sdpMid", candidate.sdpMid())
          .put("sdpMLineIndex", candidate.sdpMLineIndex())
          .put("usernameFragment", candidate.usernameFragment());
    }
  }

  private static ObjectNode peerNode(Peer peer) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("slot", peer.slot().toString())
        .put("member", peer.member());
  }

  private static ObjectNode problemNode(Problem problem) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("type", problem.type())
        .put("title", problem.title())
        .put("status", problem.status())
        .put("detail", problem.detail());
  }
}

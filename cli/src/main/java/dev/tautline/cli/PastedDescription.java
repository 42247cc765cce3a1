package dev.tautline.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tautline.datachannel.SdpType;
import dev.tautline.datachannel.SessionDescription;

/**
 * A session description as one line of text that survives being copied: the JSON that {@code
 * JSON.stringify(peerConnection.localDescription)} gives in a web page.
 */
final class PastedDescription {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int LONGEST = 256 * 1024;

  private PastedDescription() {}

  static String write(SessionDescription description) {
    return JSON.createObjectNode()
        .put("type", description.type().toString())
        .put("sdp", description.sdp())
        .toString();
  }

  static SessionDescription read(String line, SdpType wanted) {
    String advice = "; paste the other side's line whole and unchanged";
    if (line.length() > LONGEST) {
      throw new CommandFailure(
          "The pasted line has " + line.length() + " characters, more than " + LONGEST + advice);
    }
    JsonNode node;
    try {
      node = JSON.readTree(line.strip());
    } catch (JsonProcessingException e) {
      throw new CommandFailure("The pasted line is not an " + wanted + " (no JSON)" + advice, e);
    }
    if (node == null
        || !node.isObject()
        || !node.path("type").isTextual()
        || !node.path("sdp").isTextual()) {
      throw new CommandFailure(
          "The pasted line is not an " + wanted + " (it has no type and sdp)" + advice);
    }
    String type = node.path("type").asText();
    if (!type.equals(wanted.toString())) {
      throw new CommandFailure(
          "The pasted line is not an "
              + wanted
              + (type.equals("offer") || type.equals("answer") ? " but an " + type : "")
              + advice);
    }
    return new SessionDescription(wanted, node.path("sdp").asText());
  }
}

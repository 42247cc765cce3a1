package dev.tautline.rpc.frame;

import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.codec.JsonCodec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A received frame whose transfer list has not been looked at yet.
 *
 * @param uid the port; empty for the root port
 * @param data the message of that port, {@code null} standing where something was taken out
 * @param transfer what was taken out, as it came; {@code undefined} if the member is missing
 */
public record Frame(String uid, JsValue data, JsValue transfer) {
  /** The root port, present from the start. */
  public static final String ROOT = "";

  /** The name under which both sides send hello, chunks and closed ports. */
  public static final String CONTROL = "~";

  /** Reads the envelope; null if it is not that of a frame. */
  public static @Nullable Frame of(JsValue json) {
    if (!(json instanceof JsValue.Obj object)
        || !(object.get("uid") instanceof JsValue.Text uid)
        || object.get("data").isUndefined()) {
      return null;
    }
    JsValue transfer = object.get("transfer");
    if (!transfer.isUndefined() && !(transfer instanceof JsValue.Arr)) {
      return null;
    }
    return new Frame(uid.value(), object.get("data"), transfer);
  }

  /** Writes a frame; ports and binary values in the data go to the transfer list. */
  public static String write(JsonCodec json, String uid, JsValue data, Transfers.BytesAs bytesAs) {
    List<Transfers.Entry> entries = Transfers.find(data);
    StringBuilder out = new StringBuilder(128 + Transfers.expectedChars(entries, bytesAs));
    out.append("{\"uid\":");
    json.writeString(uid, out);
    out.append(",\"data\":");
    json.write(data, out);
    out.append(",\"transfer\":");
    Transfers.write(json, entries, bytesAs, out);
    return out.append('}').toString();
  }
}

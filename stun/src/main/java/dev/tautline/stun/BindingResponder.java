package dev.tautline.stun;

import dev.tautline.stun.attribute.ChangeRequest;
import dev.tautline.stun.attribute.ErrorCode;
import dev.tautline.stun.attribute.UnknownAttributes;
import dev.tautline.stun.attribute.XorMappedAddress;
import dev.tautline.stun.codec.ReceivedStun;
import dev.tautline.stun.codec.StunParser;
import dev.tautline.stun.codec.StunWriter;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The whole of a basic STUN server, RFC 8489 section 12, without its socket: stateless, without
 * credentials.
 */
public final class BindingResponder {
  private BindingResponder() {}

  /**
   * The answer to a datagram.
   *
   * @param packet holds the datagram
   * @param offset where it starts
   * @param length its length in bytes
   * @param from where it came from
   * @return the response, or null when there is none to give: no STUN, no request, or another
   *     method
   */
  public static byte @Nullable [] respond(
      byte[] packet, int offset, int length, InetSocketAddress from) {
    ReceivedStun received;
    try {
      received = StunParser.parse(packet, offset, length);
    } catch (StunFormatException e) {
      return null;
    }
    StunMessage message = received.message();
    if (message.messageClass() != StunClass.REQUEST || message.method() != StunMethod.BINDING) {
      return null;
    }
    TransactionId id = message.transactionId();
    if (!received.unknownRequired().isEmpty()) {
      var writer =
          new StunWriter(
              StunMessage.of(
                  StunClass.ERROR,
                  StunMethod.BINDING,
                  id,
                  ErrorCode.of(ErrorCode.UNKNOWN_ATTRIBUTE),
                  UnknownAttributes.of(received.unknownRequired())));
      return received.hasFingerprint() ? writer.withFingerprint().toBytes() : writer.toBytes();
    }
    if (message.first(ChangeRequest.class).filter(asked -> asked.flags() != 0).isPresent()) {
      // RFC 5780 section 6.1: a server without a second address does not know the attribute.
      var refused =
          new StunWriter(
              StunMessage.of(
                  StunClass.ERROR,
                  StunMethod.BINDING,
                  id,
                  ErrorCode.of(ErrorCode.UNKNOWN_ATTRIBUTE),
                  UnknownAttributes.of(List.of(ChangeRequest.TYPE))));
      return received.hasFingerprint() ? refused.withFingerprint().toBytes() : refused.toBytes();
    }
    var writer =
        new StunWriter(
            StunMessage.of(StunClass.SUCCESS, StunMethod.BINDING, id, new XorMappedAddress(from)));
    return received.hasFingerprint() ? writer.withFingerprint().toBytes() : writer.toBytes();
  }
}

package dev.tautline.signalling.client;

import dev.tautline.signalling.RoomsException;
import dev.tautline.signalling.RoomsException.Code;
import dev.tautline.signalling.protocol.ClaimGranted;
import dev.tautline.signalling.protocol.ClaimRequest;
import dev.tautline.signalling.protocol.JsonCodec;
import dev.tautline.signalling.protocol.Problem;
import dev.tautline.signalling.protocol.ProblemKind;
import dev.tautline.signalling.protocol.RoomName;
import dev.tautline.signalling.protocol.RoomsProtocol;
import dev.tautline.signalling.protocol.RoomsProtocolException;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.ssl.NotSslRecordException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks for a slot. When the connection breaks before the answer it asks again, and the server knows
 * the claim by the token that it asks for: a slot that was given already is not lost.
 *
 * <p>Thread rule: on the loop.
 */
final class Claiming {
  private static final Logger LOG = LoggerFactory.getLogger(Claiming.class);
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int TOKEN_BYTES = 32;

  private final EventLoop loop;
  private final ServerAddress server;
  private final RoomName room;
  private final Duration timeout;
  private final long deadlineNanos;
  private final String request;
  private final Pauses pauses = new Pauses();
  private final CompletableFuture<ClaimGranted> result = new CompletableFuture<>();
  private boolean reached;

  private Claiming(EventLoop loop, ServerAddress server, RoomName room, Duration timeout) {
    this.loop = loop;
    this.server = server;
    this.room = room;
    this.timeout = timeout;
    this.deadlineNanos = System.nanoTime() + timeout.toNanos();
    byte[] token = new byte[TOKEN_BYTES];
    RANDOM.nextBytes(token);
    this.request =
        JsonCodec.write(
            new ClaimRequest(null, Base64.getUrlEncoder().withoutPadding().encodeToString(token)));
  }

  /**
   * Claims.
   *
   * @param timeout for all attempts together
   * @return completes on the loop, exceptionally with a {@link RoomsException}
   */
  static CompletableFuture<ClaimGranted> start(
      EventLoop loop, ServerAddress server, RoomName room, Duration timeout) {
    var claiming = new Claiming(loop, server, room, timeout);
    claiming.ask();
    return claiming.result;
  }

  private void ask() {
    HttpCall.send(
            loop,
            server,
            HttpMethod.POST,
            server.path(room, "claim"),
            null,
            request,
            Duration.ofNanos(deadlineNanos - System.nanoTime()))
        .whenComplete(
            (reply, failure) -> {
              try {
                if (failure == null) {
                  result.complete(granted(reply));
                } else if (!askAgain(failure)) {
                  result.completeExceptionally(unreachable(failure));
                }
              } catch (RoomsException e) {
                result.completeExceptionally(e);
              }
            });
  }

  /** Only where somebody listened: a wrong address is told at once. */
  private boolean askAgain(Throwable failure) {
    Throwable cause = unwrapped(failure);
    reached |= cause instanceof BrokenConnectionException;
    boolean mayPass =
        cause instanceof BrokenConnectionException
            || (reached && cause instanceof ConnectException);
    long pauseNanos = pauses.next().toNanos();
    if (!mayPass || deadlineNanos - System.nanoTime() <= pauseNanos) {
      return false;
    }
    LOG.debug("room {}: claim again: {}", room, cause.getMessage());
    loop.schedule(this::ask, pauseNanos, TimeUnit.NANOSECONDS);
    return true;
  }

  private ClaimGranted granted(HttpCall.Reply reply) {
    if (reply.status() == 201) {
      try {
        ClaimGranted granted = JsonCodec.readClaimGranted(reply.body());
        if (granted.version() == RoomsProtocol.VERSION) {
          return granted;
        }
        throw new RoomsException(
            Code.NOT_A_ROOMS_SERVER,
            "The rooms server at "
                + server
                + " speaks version "
                + granted.version()
                + " of the protocol, this client version "
                + RoomsProtocol.VERSION
                + ". Update the older of the two.",
            null);
      } catch (RoomsProtocolException e) {
        throw notRooms(server, "its answer to a claim is wrong: " + e.getMessage(), e);
      }
    }
    Problem problem = JsonCodec.readProblem(reply.body(), reply.status());
    if (problem.is(ProblemKind.ROOM_FULL)) {
      throw new RoomsException(Code.ROOM_FULL, problem.detail(), null);
    }
    if (!problem.type().startsWith("urn:tautline:")) {
      throw notRooms(server, "it answered a claim with status " + reply.status(), null);
    }
    throw new RoomsException(
        Code.REFUSED,
        "The rooms server at " + server + " refused: " + problem.title() + ". " + problem.detail(),
        null);
  }

  /** What answers is something else. */
  static RoomsException notRooms(ServerAddress server, String why, @Nullable Throwable cause) {
    return new RoomsException(
        Code.NOT_A_ROOMS_SERVER,
        "What answers at " + server + " is no rooms server (" + why + "). Check the address.",
        cause);
  }

  private static Throwable unwrapped(Throwable failure) {
    Throwable cause = failure;
    // Netty's codecs wrap what TLS says.
    while ((cause instanceof CompletionException || cause instanceof DecoderException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  private RoomsException unreachable(Throwable failure) {
    Throwable cause = unwrapped(failure);
    String message;
    if (cause instanceof SocketTimeoutException || cause instanceof ConnectTimeoutException) {
      message =
          "The rooms server at "
              + server
              + " did not answer within "
              + RoomMember.seconds(timeout)
              + ". Check the address and the network.";
    } else if (cause instanceof ConnectException) {
      message =
          "No rooms server listens at "
              + server
              + " (connection refused). Start one there, or check the address.";
    } else if (cause instanceof UnknownHostException) {
      message = "The host of the rooms server " + server + " is unknown. Check the address.";
    } else if (cause instanceof NotSslRecordException) {
      // Its message is a dump of what came.
      message =
          "What listens at "
              + server
              + " does not speak https. Check the port, or write http instead of https.";
    } else if (cause instanceof SSLException) {
      message =
          "No secure connection to the rooms server at "
              + server
              + " ("
              + cause.getMessage()
              + "). Check its certificate, or whether it speaks https.";
    } else {
      message =
          "The rooms server at "
              + server
              + " cannot be reached ("
              + cause.getMessage()
              + "). Check the address and the network.";
    }
    return new RoomsException(Code.SERVER_UNREACHABLE, message, cause);
  }
}

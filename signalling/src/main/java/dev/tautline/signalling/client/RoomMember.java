package dev.tautline.signalling.client;

import dev.tautline.signalling.RoomsException;
import dev.tautline.signalling.RoomsException.Code;
import dev.tautline.signalling.protocol.ClaimGranted;
import dev.tautline.signalling.protocol.ClientMessage;
import dev.tautline.signalling.protocol.CloseCode;
import dev.tautline.signalling.protocol.Problem;
import dev.tautline.signalling.protocol.RelayedMessage;
import dev.tautline.signalling.protocol.RoomEvent;
import dev.tautline.signalling.protocol.RoomName;
import dev.tautline.signalling.protocol.ServerMessage;
import dev.tautline.signalling.protocol.Slot;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpMethod;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A member of a room: it holds a slot, sends messages to other members and is told events. The
 * WebSocket under it may break and come back; no message and no event is lost or doubled by that.
 *
 * <p>Thread rule: every method from any thread. The listener is called on the client's one event
 * loop, shared by all rooms, and must not block.
 */
public final class RoomMember implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RoomMember.class);

  /** Messages that the server has not taken yet; a room needs a few dozen. */
  private static final int MAX_UNTAKEN = 1_024;

  private static final Duration LEAVE_TIMEOUT = Duration.ofSeconds(2);

  /** What happens to a member. */
  public interface Listener {
    /** Something happened in the room. */
    void event(RoomEvent event);

    /** A message will not reach its receiver, for instance because that one is gone. */
    default void refused(RelayedMessage message, Problem problem) {}

    /** The slot is lost, nothing more will come. Not called after {@link RoomMember#leave}. */
    void lost(RoomsException cause);
  }

  private final EventLoop loop;
  private final ServerAddress server;
  private final RoomName room;
  private final ClaimGranted claim;
  private final Listener listener;
  private final CompletableFuture<Void> left = new CompletableFuture<>();

  // On the loop only.
  private final Deque<ClientMessage.Relay> untaken = new ArrayDeque<>();
  private final Pauses pauses = new Pauses();
  private @Nullable EventSocket socket;
  private long nextId = 1;
  private long lastEvent;
  private long acknowledged;
  private long connectedNanos;
  private boolean leaving;
  private boolean ended;

  private RoomMember(EventLoop loop, ServerAddress server, ClaimGranted claim, Listener listener) {
    this.loop = loop;
    this.server = server;
    this.room = claim.room();
    this.claim = claim;
    this.listener = listener;
    this.connectedNanos = System.nanoTime();
  }

  /**
   * Claims a slot and begins to listen. When the connection breaks before the answer, it is tried
   * again until the timeout.
   *
   * @param serverUri where the server is: {@code http} or {@code https}, host, port, maybe a path
   * @param roomName the room's name
   * @param timeout how long the server may take to answer
   * @param listener is told what happens; events may come before the future completes
   * @return completes when the slot is claimed, exceptionally with a {@link RoomsException}
   * @throws IllegalArgumentException when URI or name have not the shape of one
   */
  public static CompletableFuture<RoomMember> claim(
      URI serverUri, String roomName, Duration timeout, Listener listener) {
    ServerAddress server = ServerAddress.of(serverUri);
    RoomName room = new RoomName(roomName);
    EventLoop loop = SharedLoop.acquire();
    var result = new CompletableFuture<RoomMember>();
    loop.execute(
        () ->
            Claiming.start(loop, server, room, timeout)
                .whenComplete(
                    (granted, failure) -> {
                      if (failure != null) {
                        SharedLoop.release();
                        result.completeExceptionally(failure);
                        return;
                      }
                      var member = new RoomMember(loop, server, granted, listener);
                      if (result.complete(member)) {
                        member.connect();
                      } else {
                        // Cancelled meanwhile: the slot must not stay taken.
                        member.leave();
                      }
                    }));
    return result;
  }

  /** A duration for people. */
  static String seconds(Duration duration) {
    long millis = duration.toMillis();
    return millis % 1000 == 0 ? millis / 1000 + " s" : millis + " ms";
  }

  /** The room's name. */
  public String room() {
    return room.value();
  }

  /** Where the member sits. */
  public Slot slot() {
    return claim.slot();
  }

  /** The member's number. */
  public long number() {
    return claim.member();
  }

  /** Which life of the room this is. */
  public long incarnation() {
    return claim.incarnation();
  }

  /**
   * Sends a message to another member; it waits here while the connection is broken.
   *
   * @param to the other member's number
   */
  public void send(long to, RelayedMessage message) {
    onLoop(
        () -> {
          if (ended || leaving) {
            return;
          }
          if (untaken.size() >= MAX_UNTAKEN) {
            end(
                new RoomsException(
                    Code.SLOT_LOST,
                    "More than "
                        + MAX_UNTAKEN
                        + " messages wait for the rooms server at "
                        + server
                        + ". It does not take them.",
                    null));
            return;
          }
          var relay = new ClientMessage.Relay(nextId++, to, message);
          untaken.add(relay);
          if (socket != null) {
            socket.send(relay);
          }
        });
  }

  /**
   * Frees the slot. Idempotent.
   *
   * @return completes when the server knows, or cannot be told
   */
  public CompletableFuture<Void> leave() {
    onLoop(
        () -> {
          if (ended || leaving) {
            return;
          }
          leaving = true;
          if (socket != null) {
            socket.send(new ClientMessage.Leave());
            EventSocket leavingSocket = socket;
            loop.schedule(leavingSocket::close, LEAVE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
          } else {
            leaveByRequest();
          }
        });
    return left;
  }

  /** For when there is no WebSocket to say it on, or it broke over it. */
  private void leaveByRequest() {
    HttpCall.send(
            loop,
            server,
            HttpMethod.DELETE,
            server.path(room, "claim"),
            claim.token(),
            "",
            LEAVE_TIMEOUT)
        .whenComplete(
            (reply, failure) -> {
              if (failure != null) {
                // The slot expires by itself.
                LOG.debug("room {}: cannot leave: {}", room, failure.toString());
              }
              finish();
            });
  }

  /** As {@link #leave}, not waited for. */
  @Override
  public void close() {
    leave();
  }

  private void onLoop(Runnable task) {
    if (loop.inEventLoop()) {
      task.run();
      return;
    }
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      // The last room of this JVM ended, this one included: nothing is left to do.
      LOG.trace("room {}: ended", room, e);
    }
  }

  private void connect() {
    if (ended || leaving) {
      return;
    }
    EventSocket.open(
        loop,
        server,
        server.webSocketUri(room, lastEvent),
        claim.token(),
        Duration.ofMillis(claim.expiresMillis()),
        new SocketEvents());
  }

  /** What one WebSocket brings. An earlier one that is still dying is no longer listened to. */
  private final class SocketEvents implements EventSocket.Listener {
    private @Nullable EventSocket mine;
    private boolean over;

    @Override
    public void opened(EventSocket opened) {
      mine = opened;
      if (ended) {
        opened.close();
      }
    }

    @Override
    public void message(ServerMessage message) {
      if (ended) {
        return;
      }
      if (message instanceof ServerMessage.Welcome welcome) {
        welcome(welcome);
      } else if (message instanceof ServerMessage.Numbered numbered) {
        numbered(numbered);
      } else if (message instanceof ServerMessage.Accepted accepted) {
        taken(accepted.id());
      } else if (message instanceof ServerMessage.Refused refused) {
        refused(refused);
      }
    }

    private void welcome(ServerMessage.Welcome welcome) {
      if (welcome.incarnation() != claim.incarnation() || welcome.member() != claim.member()) {
        end(Claiming.notRooms(server, "it welcomed another member", null));
        return;
      }
      socket = mine;
      pauses.reset();
      taken(welcome.accepted());
      if (socket != null) {
        for (ClientMessage.Relay waiting : untaken) {
          socket.send(waiting);
        }
        if (leaving) {
          socket.send(new ClientMessage.Leave());
        }
      }
    }

    private void numbered(ServerMessage.Numbered numbered) {
      if (numbered.number() <= lastEvent) {
        return;
      }
      if (numbered.number() != lastEvent + 1) {
        end(
            Claiming.notRooms(
                server, "event " + numbered.number() + " followed on " + lastEvent, null));
        return;
      }
      lastEvent = numbered.number();
      listener.event(numbered.event());
    }

    private void refused(ServerMessage.Refused refused) {
      RelayedMessage message = null;
      for (ClientMessage.Relay waiting : untaken) {
        if (waiting.id() == refused.id()) {
          message = waiting.message();
        }
      }
      taken(refused.id());
      if (message != null) {
        LOG.debug("room {}: refused: {}", room, refused.problem().detail());
        listener.refused(message, refused.problem());
      }
    }

    @Override
    public void batchEnd() {
      if (socket != null && lastEvent > acknowledged) {
        acknowledged = lastEvent;
        socket.send(new ClientMessage.Ack(lastEvent));
      }
    }

    @Override
    public void closed(int code, String reason) {
      if (over) {
        // A connection that came after its time was up dies a second time.
        return;
      }
      over = true;
      boolean hadWelcome = socket != null && socket == mine;
      if (hadWelcome) {
        socket = null;
        connectedNanos = System.nanoTime();
      }
      if (leaving && hadWelcome && code != CloseCode.LEFT.number()) {
        leaveByRequest();
      } else if (leaving && hadWelcome) {
        finish();
      } else if (!leaving && !ended) {
        reconnectOrEnd(code, reason);
      }
    }
  }

  private void reconnectOrEnd(int code, String reason) {
    if (code == CloseCode.BAD_TOKEN.number()) {
      end(
          new RoomsException(
              Code.SLOT_LOST,
              "The rooms server at "
                  + server
                  + " no longer knows our slot in room \""
                  + room
                  + "\": it was restarted, or we were away for too long. Join again.",
              null));
    } else if (code == CloseCode.TAKEN_OVER.number()) {
      end(
          new RoomsException(
              Code.SLOT_LOST,
              "Another connection took over our slot in room \"" + room + "\". Join again.",
              null));
    } else if (code == CloseCode.LEFT.number()) {
      end(
          new RoomsException(
              Code.SLOT_LOST, "Our slot in room \"" + room + "\" was left. Join again.", null));
    } else if (code >= 4000
        || code == CloseCode.NOT_TEXT.number()
        || code == CloseCode.TOO_LARGE.number()) {
      end(
          new RoomsException(
              Code.REFUSED,
              "The rooms server at " + server + " ended the connection: " + reason + ".",
              null));
    } else {
      long awayNanos = System.nanoTime() - connectedNanos;
      if (awayNanos > TimeUnit.MILLISECONDS.toNanos(claim.expiresMillis())) {
        end(
            new RoomsException(
                Code.SLOT_LOST,
                "The connection to the rooms server at "
                    + server
                    + " broke and did not come back within "
                    + seconds(Duration.ofMillis(claim.expiresMillis()))
                    + ". Join again when the server can be reached.",
                null));
        return;
      }
      Duration pause = pauses.next();
      LOG.debug("room {}: connection broke ({} {}), again in {}", room, code, reason, pause);
      loop.schedule(this::connect, pause.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void taken(long id) {
    ClientMessage.Relay first;
    while ((first = untaken.peekFirst()) != null && first.id() <= id) {
      untaken.removeFirst();
    }
  }

  private void end(RoomsException cause) {
    if (!ended && !leaving) {
      finish();
      listener.lost(cause);
    }
  }

  private void finish() {
    if (!ended) {
      ended = true;
      untaken.clear();
      if (socket != null) {
        socket.close();
        socket = null;
      }
      left.complete(null);
      SharedLoop.release();
    }
  }
}

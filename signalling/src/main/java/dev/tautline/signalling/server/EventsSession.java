package dev.tautline.signalling.server;

import dev.tautline.signalling.protocol.ClientMessage;
import dev.tautline.signalling.protocol.CloseCode;
import dev.tautline.signalling.protocol.JsonCodec;
import dev.tautline.signalling.protocol.ProblemKind;
import dev.tautline.signalling.protocol.RoomName;
import dev.tautline.signalling.protocol.RoomsProtocolException;
import dev.tautline.signalling.protocol.ServerMessage;
import dev.tautline.signalling.room.ConnectOutcome;
import dev.tautline.signalling.room.EventBatch;
import dev.tautline.signalling.room.MemberRef;
import dev.tautline.signalling.room.NumberedEvent;
import dev.tautline.signalling.room.RelayOutcome;
import dev.tautline.signalling.room.RoomStore;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.CorruptedFrameException;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One member's WebSocket. Events are fetched from the mailbox only while the connection takes them;
 * what it does not take stays there, and a member that takes nothing for long gives no sign of life
 * and expires.
 *
 * <p>Everything here runs on the connection's event loop, except {@link #end}.
 */
final class EventsSession extends SimpleChannelInboundHandler<WebSocketFrame> {
  private static final Logger LOG = LoggerFactory.getLogger(EventsSession.class);

  private static final int BATCH = 32;
  private static final int CLOSE_ANSWER_SECONDS = 1;
  private static final int PINGS_PER_LIFE = 3;

  /** A store may be a network away: not every frame has to tell it that the member lives. */
  private static final int TOUCHES_PER_LIFE = 15;

  /** RFC 6455 section 5.5.1: a control frame carries 125 bytes, two of them the code. */
  private static final int MAX_REASON = 120;

  private final ServerContext context;
  private final Channel channel;
  private final RoomName room;
  private final String token;
  private final long after;
  private final TokenBucket messages;
  private final Runnable wakeup = this::wake;

  private @Nullable MemberRef ref;
  private long sent;
  private long touchedNanos;
  private boolean welcomed;
  private boolean fetching;
  private boolean fetchAgain;
  private boolean ended;
  private @Nullable Future<?> pings;

  EventsSession(ServerContext context, Channel channel, RoomName room, String token, long after) {
    this.context = context;
    this.channel = channel;
    this.room = room;
    this.token = token;
    this.after = after;
    var options = context.options();
    this.messages =
        new TokenBucket(context.nowNanos(), options.messagesPerSecond(), options.messageBurst());
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof WebSocketServerProtocolHandler.HandshakeComplete) {
      Routes.becomeWebSocket(ctx.pipeline());
      open();
    }
    ctx.fireUserEventTriggered(event);
  }

  private void open() {
    then(
        store().authenticate(now(), room, token),
        found -> {
          if (found.isEmpty()) {
            end(CloseCode.BAD_TOKEN, "the token is not that of a present member");
            return;
          }
          MemberRef member = found.get();
          then(store().connect(now(), member, after), outcome -> connected(member, outcome));
        });
  }

  private void connected(MemberRef member, ConnectOutcome outcome) {
    if (outcome == ConnectOutcome.GONE) {
      end(CloseCode.BAD_TOKEN, "the slot is no longer this member's");
      return;
    }
    if (outcome == ConnectOutcome.NEVER_GIVEN) {
      end(CloseCode.BROKEN_PROTOCOL, "there never was an event " + after);
      return;
    }
    if (!channel.isActive()) {
      // It broke while the store answered; the grace begins here.
      then(store().disconnected(now(), member), nothing -> {});
      return;
    }
    ref = member;
    sent = after;
    touchedNanos = now();
    context.sessions().takeOver(member, this);
    store().subscribe(member, wakeup);
    startPings();
    then(store().acceptedId(now(), member), this::welcome);
  }

  private void welcome(long accepted) {
    MemberRef member = ref;
    if (member == null) {
      return;
    }
    write(
        new ServerMessage.Welcome(
            member.room(),
            member.incarnation(),
            member.slot(),
            member.member(),
            accepted,
            store().limits().expiry().toMillis()));
    channel.flush();
    welcomed = true;
    fetch();
  }

  private void startPings() {
    long interval = store().limits().expiry().toNanos() / PINGS_PER_LIFE;
    pings =
        channel
            .eventLoop()
            .scheduleWithFixedDelay(
                () -> channel.writeAndFlush(new PingWebSocketFrame()),
                interval,
                interval,
                TimeUnit.NANOSECONDS);
  }

  /** Called by the store on any thread. */
  private void wake() {
    channel.eventLoop().execute(this::fetch);
  }

  private void fetch() {
    MemberRef member = ref;
    if (member == null || ended || !welcomed || !channel.isWritable()) {
      return;
    }
    if (fetching) {
      fetchAgain = true;
      return;
    }
    fetching = true;
    fetchAgain = false;
    then(store().events(now(), member, sent, BATCH), this::deliver);
  }

  private void deliver(EventBatch batch) {
    fetching = false;
    if (batch.presence() == EventBatch.Presence.GONE) {
      end(CloseCode.BAD_TOKEN, "the slot is no longer this member's: it expired or was replaced");
      return;
    }
    for (NumberedEvent event : batch.events()) {
      write(new ServerMessage.Numbered(event.number(), event.event()));
      sent = event.number();
    }
    channel.flush();
    if (fetchAgain || batch.events().size() == BATCH) {
      fetch();
    }
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, WebSocketFrame frame) {
    if (frame instanceof TextWebSocketFrame text) {
      if (!messages.take(now())) {
        end(CloseCode.TOO_MANY, "too many messages per second");
        return;
      }
      try {
        handle(JsonCodec.readClientMessage(text.text()));
      } catch (RoomsProtocolException e) {
        end(CloseCode.BROKEN_PROTOCOL, e.getMessage());
      }
    } else if (frame instanceof BinaryWebSocketFrame) {
      end(CloseCode.NOT_TEXT, "messages are text");
    }
  }

  boolean hasEnded() {
    return ended;
  }

  /** A frame came. */
  void signOfLife() {
    MemberRef member = ref;
    long interval = store().limits().expiry().toNanos() / TOUCHES_PER_LIFE;
    if (member != null && now() - touchedNanos >= interval) {
      touchedNanos = now();
      then(store().touch(now(), member), present -> {});
    }
  }

  private void handle(ClientMessage message) {
    MemberRef member = ref;
    if (member == null) {
      // The store is still looking for the member; a client waits for the welcome.
      end(CloseCode.BROKEN_PROTOCOL, "a message before the welcome");
      return;
    }
    if (message instanceof ClientMessage.Relay relay) {
      then(
          store().relay(now(), member, relay.id(), relay.to(), relay.message()),
          outcome -> answer(relay.id(), outcome));
    } else if (message instanceof ClientMessage.Ack ack) {
      then(store().acknowledge(now(), member, ack.event()), this::acknowledged);
    } else if (message instanceof ClientMessage.Ping) {
      write(new ServerMessage.Pong());
      channel.flush();
    } else if (message instanceof ClientMessage.Leave) {
      then(store().leave(now(), member), was -> end(CloseCode.LEFT, "left"));
    }
  }

  private void acknowledged(ConnectOutcome outcome) {
    if (outcome == ConnectOutcome.NEVER_GIVEN) {
      end(CloseCode.BROKEN_PROTOCOL, "acknowledges an event that never was");
    }
  }

  private void answer(long id, RelayOutcome outcome) {
    if (outcome instanceof RelayOutcome.Accepted accepted) {
      write(new ServerMessage.Accepted(accepted.highestId()));
    } else if (outcome instanceof RelayOutcome.Refused refused) {
      write(new ServerMessage.Refused(id, refused.problem()));
    }
    channel.flush();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    // A client that sends and does not read gets nothing more read from it either: our answers to
    // it would pile up.
    channel.config().setAutoRead(ended || channel.isWritable());
    fetch();
    ctx.fireChannelWritabilityChanged();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    MemberRef member = release();
    if (member != null) {
      then(store().disconnected(now(), member), nothing -> {});
    }
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof TooLongFrameException) {
      end(CloseCode.TOO_LARGE, "a message is larger than the limit");
    } else if (cause instanceof CorruptedFrameException || cause instanceof IOException) {
      LOG.debug("{}: {}", channel.remoteAddress(), cause.toString());
      ctx.close();
    } else {
      LOG.warn("room {}: closing a connection for a fault of ours", room, cause);
      end(CloseCode.INTERNAL, "internal error");
    }
  }

  /**
   * Closes with a code, waiting a moment for the client's answer, so that the code arrives. Any
   * thread; completes when the connection is closed.
   */
  CompletableFuture<Void> end(CloseCode code, String reason) {
    var done = new CompletableFuture<Void>();
    channel.closeFuture().addListener(closed -> done.complete(null));
    Runnable close =
        () -> {
          if (ended || !channel.isActive()) {
            return;
          }
          ended = true;
          MemberRef member = release();
          if (member != null && code != CloseCode.LEFT && code != CloseCode.BAD_TOKEN) {
            then(store().disconnected(now(), member), nothing -> {});
          }
          String shortReason =
              reason.length() <= MAX_REASON ? reason : reason.substring(0, MAX_REASON);
          // FrameWatch throws away what still comes and closes when the answer is there.
          channel.config().setAutoRead(true);
          channel.writeAndFlush(new CloseWebSocketFrame(code.number(), shortReason));
          var limit =
              channel
                  .eventLoop()
                  .schedule(() -> channel.close(), CLOSE_ANSWER_SECONDS, TimeUnit.SECONDS);
          channel.closeFuture().addListener(closed -> limit.cancel(false));
        };
    if (channel.eventLoop().inEventLoop()) {
      close.run();
    } else {
      channel.eventLoop().execute(close);
    }
    return done;
  }

  /** Returns the member if this still was its session. */
  private @Nullable MemberRef release() {
    if (pings != null) {
      pings.cancel(false);
      pings = null;
    }
    MemberRef member = ref;
    ref = null;
    if (member == null) {
      return null;
    }
    store().unsubscribe(member, wakeup);
    return context.sessions().remove(member, this) ? member : null;
  }

  private void write(ServerMessage message) {
    channel.write(new TextWebSocketFrame(JsonCodec.write(message)));
  }

  private RoomStore store() {
    return context.store();
  }

  private long now() {
    return context.nowNanos();
  }

  /** Continues on the event loop; a store that fails ends the connection. */
  private <T> void then(CompletionStage<T> step, Consumer<T> next) {
    step.whenComplete(
        (value, failure) -> {
          Runnable continuation =
              () -> {
                if (failure != null) {
                  LOG.warn("room {}: the store failed", room, failure);
                  end(CloseCode.INTERNAL, ProblemKind.INTERNAL.because("").title());
                } else {
                  next.accept(value);
                }
              };
          if (channel.eventLoop().inEventLoop()) {
            continuation.run();
          } else {
            channel.eventLoop().execute(continuation);
          }
        });
  }
}

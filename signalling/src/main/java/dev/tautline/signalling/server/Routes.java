package dev.tautline.signalling.server;

import dev.tautline.signalling.protocol.ClaimGranted;
import dev.tautline.signalling.protocol.ClaimRequest;
import dev.tautline.signalling.protocol.ClientMessage;
import dev.tautline.signalling.protocol.JsonCodec;
import dev.tautline.signalling.protocol.Problem;
import dev.tautline.signalling.protocol.ProblemKind;
import dev.tautline.signalling.protocol.RoomName;
import dev.tautline.signalling.protocol.RoomsProtocol;
import dev.tautline.signalling.protocol.RoomsProtocolException;
import dev.tautline.signalling.protocol.ServerMessage;
import dev.tautline.signalling.room.ClaimOutcome;
import dev.tautline.signalling.room.MemberRef;
import dev.tautline.signalling.room.NoteStore;
import dev.tautline.signalling.room.RelayOutcome;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.CodecException;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import io.netty.handler.codec.http.cors.CorsHandler;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.handler.flow.FlowControlHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which path does what. One instance per connection, one request at a time. */
final class Routes extends SimpleChannelInboundHandler<FullHttpRequest> {
  private static final Logger LOG = LoggerFactory.getLogger(Routes.class);
  private static final Pattern JSON_TYPE =
      Pattern.compile("application/([a-z0-9.-]+\\+)?json *(;.*)?");
  private static final Pattern EVENT_NUMBER = Pattern.compile("[0-9]{1,16}");
  private static final String BEARER = "bearer ";

  private final ServerContext context;
  private final String owner;

  Routes(ServerContext context, String owner) {
    this.context = context;
    this.owner = owner;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
    String uri = request.uri();
    int query = uri.indexOf('?');
    String path = query < 0 ? uri : uri.substring(0, query);
    // Nothing of ours needs an escape, so nothing is decoded and no two spellings are one path.
    String[] parts = path.split("/", -1);
    if (!path.startsWith("/")) {
      Responses.problem(ctx, ProblemKind.BAD_REQUEST.because("The request target is no path."));
    } else if (parts.length == 4 && parts[1].equals("rooms")) {
      inRoom(ctx, request, parts[2], parts[3], query < 0 ? "" : uri.substring(query + 1));
    } else if (parts[1].equals("room")
        && (parts.length == 3 || parts.length == 4)
        && context.options().compatibility() == RoomsServerOptions.Compatibility.SERVED) {
      note(ctx, request, parts);
    } else if (path.equals("/healthz")) {
      if (allowed(ctx, request, HttpMethod.GET)) {
        ctx.writeAndFlush(Responses.json(200, "{\"status\":\"ok\"}"));
      }
    } else {
      page(ctx, request, path);
    }
  }

  private void inRoom(
      ChannelHandlerContext ctx,
      FullHttpRequest request,
      String name,
      String action,
      String query) {
    boolean known = action.equals("claim") || action.equals("events") || action.equals("messages");
    if (!known) {
      notFound(ctx);
      return;
    }
    RoomName room = roomName(ctx, name);
    if (room == null) {
      return;
    }
    switch (action) {
      case "claim" -> {
        if (request.method().equals(HttpMethod.DELETE)) {
          leave(ctx, request, room);
        } else if (allowed(ctx, request, HttpMethod.POST, HttpMethod.DELETE)) {
          claim(ctx, request, room);
        }
      }
      case "messages" -> {
        if (allowed(ctx, request, HttpMethod.POST)) {
          message(ctx, request, room);
        }
      }
      default -> {
        if (allowed(ctx, request, HttpMethod.GET)) {
          events(ctx, request, room, query);
        }
      }
    }
  }

  private void claim(ChannelHandlerContext ctx, FullHttpRequest request, RoomName room) {
    String body = jsonBody(ctx, request);
    if (body == null) {
      return;
    }
    ClaimRequest claim;
    try {
      claim = JsonCodec.readClaimRequest(body);
    } catch (RoomsProtocolException e) {
      Responses.problem(ctx, e.kind().because("The body is wrong: " + e.getMessage() + "."));
      return;
    }
    answerWith(
        ctx,
        context.store().claim(context.nowNanos(), room, owner, claim),
        outcome -> claimAnswer(room, outcome));
  }

  private FullHttpResponse claimAnswer(RoomName room, ClaimOutcome outcome) {
    if (outcome instanceof ClaimOutcome.Granted granted) {
      MemberRef ref = granted.ref();
      var limits = context.store().limits();
      return Responses.json(
          201,
          JsonCodec.write(
              new ClaimGranted(
                  RoomsProtocol.VERSION,
                  room,
                  ref.incarnation(),
                  limits.capacity(),
                  ref.slot(),
                  ref.member(),
                  granted.token(),
                  limits.expiry().toMillis())));
    }
    return Responses.of(claimProblem(room, outcome));
  }

  private static Problem claimProblem(RoomName room, ClaimOutcome outcome) {
    if (outcome instanceof ClaimOutcome.RoomFull full) {
      String slots = full.capacity() == 2 ? "Both" : "All " + full.capacity();
      return ProblemKind.ROOM_FULL.because(
          slots
              + " slots of room \""
              + room
              + "\" are taken. Wait until a peer leaves, or choose another room name.");
    }
    if (outcome instanceof ClaimOutcome.ServerFull full) {
      return ProblemKind.SERVER_FULL.because(
          "The server has its limit of " + full.limit() + " rooms. Try again later.");
    }
    if (outcome instanceof ClaimOutcome.OwnerFull full) {
      return ProblemKind.TOO_MANY.because(
          "Your address holds its limit of " + full.limit() + " slots. Leave some first.");
    }
    throw new IllegalStateException("not a refused claim: " + outcome);
  }

  private void leave(ChannelHandlerContext ctx, FullHttpRequest request, RoomName room) {
    answerWith(
        ctx,
        authenticate(request, room)
            .thenCompose(
                found ->
                    found.isEmpty()
                        ? done(false)
                        : context.store().leave(context.nowNanos(), found.get())),
        left -> left ? Responses.noContent() : Responses.of(badToken()));
  }

  private void message(ChannelHandlerContext ctx, FullHttpRequest request, RoomName room) {
    String body = jsonBody(ctx, request);
    if (body == null) {
      return;
    }
    // The token first: who has none learns nothing about what is right or wrong with the body.
    answerWith(
        ctx,
        authenticate(request, room)
            .thenCompose(
                found ->
                    found.isEmpty() ? done(Responses.of(badToken())) : relay(found.get(), body)),
        Function.identity());
  }

  private CompletionStage<FullHttpResponse> relay(MemberRef ref, String body) {
    ClientMessage.Relay relay;
    try {
      if (!(JsonCodec.readClientMessage(body) instanceof ClientMessage.Relay found)) {
        return done(
            Responses.of(
                ProblemKind.BAD_MESSAGE.because(
                    "Only description and candidate messages are posted.")));
      }
      relay = found;
    } catch (RoomsProtocolException e) {
      return done(Responses.of(e.kind().because("The body is wrong: " + e.getMessage() + ".")));
    }
    return context
        .store()
        .relay(context.nowNanos(), ref, relay.id(), relay.to(), relay.message())
        .thenApply(
            outcome -> {
              if (outcome instanceof RelayOutcome.Accepted accepted) {
                return Responses.json(
                    202, JsonCodec.write(new ServerMessage.Accepted(accepted.highestId())));
              }
              return Responses.of(
                  outcome instanceof RelayOutcome.Refused refused ? refused.problem() : badToken());
            });
  }

  private CompletionStage<Optional<MemberRef>> authenticate(
      FullHttpRequest request, RoomName room) {
    String header = request.headers().get(HttpHeaderNames.AUTHORIZATION, "");
    // RFC 9110 section 11.1: the scheme's name is case-insensitive.
    String token =
        header.regionMatches(true, 0, BEARER, 0, BEARER.length())
            ? header.substring(BEARER.length()).trim()
            : "";
    return context.store().authenticate(context.nowNanos(), room, token);
  }

  private static Problem badToken() {
    return ProblemKind.BAD_TOKEN.because(
        "The token is not that of a present member of this room. Claim a slot first.");
  }

  private void events(
      ChannelHandlerContext ctx, FullHttpRequest request, RoomName room, String query) {
    HttpHeaders headers = request.headers();
    if (!headers.containsValue(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true)) {
      Responses.problem(
          ctx,
          ProblemKind.UPGRADE_REQUIRED.because(
              "Events come over a WebSocket: ask for an upgrade."));
      return;
    }
    long after = 0;
    for (String pair : query.split("&", -1)) {
      if (pair.startsWith("after=")) {
        String number = pair.substring("after=".length());
        if (!EVENT_NUMBER.matcher(number).matches()) {
          Responses.problem(ctx, ProblemKind.BAD_REQUEST.because("\"after\" is no event number."));
          return;
        }
        after = Long.parseLong(number);
      }
    }
    String token = "";
    boolean speaksOurs = false;
    for (String offered : headers.getAll(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL)) {
      for (String protocol : offered.split(",", -1)) {
        String word = protocol.trim();
        if (word.equals(RoomsProtocol.SUBPROTOCOL)) {
          speaksOurs = true;
        } else if (word.startsWith(RoomsProtocol.TOKEN_SUBPROTOCOL_PREFIX)) {
          token = word.substring(RoomsProtocol.TOKEN_SUBPROTOCOL_PREFIX.length());
        }
      }
    }
    if (!speaksOurs) {
      Responses.problem(
          ctx,
          ProblemKind.BAD_REQUEST.because(
              "Sec-WebSocket-Protocol does not offer " + RoomsProtocol.SUBPROTOCOL + "."));
      return;
    }
    upgrade(ctx, request, new EventsSession(context, ctx.channel(), room, token, after));
  }

  private void upgrade(ChannelHandlerContext ctx, FullHttpRequest request, EventsSession session) {
    int max = context.options().maxMessageBytes();
    var config =
        WebSocketServerProtocolConfig.newBuilder()
            .websocketPath(request.uri())
            .subprotocols(RoomsProtocol.SUBPROTOCOL)
            .handshakeTimeoutMillis(context.options().requestTimeout().toMillis())
            .dropPongFrames(false)
            .decoderConfig(
                WebSocketDecoderConfig.newBuilder()
                    .maxFramePayloadLength(max)
                    .allowExtensions(false)
                    .withUTF8Validator(true)
                    .build())
            .build();
    ctx.pipeline()
        .addLast(
            new FrameWatch(session),
            new WebSocketServerProtocolHandler(config),
            new WebSocketFrameAggregator(max),
            session);
    ctx.fireChannelRead(request.retain());
  }

  /** Takes out what only HTTP needs; from now on frames are read as they come. */
  static void becomeWebSocket(ChannelPipeline pipeline) {
    pipeline.remove(RequestTimeouts.NAME);
    pipeline.remove(HttpServerKeepAliveHandler.class);
    pipeline.remove(NextRequest.class);
    pipeline.remove(Gate.class);
    if (pipeline.get(CorsHandler.class) != null) {
      pipeline.remove(CorsHandler.class);
    }
    pipeline.remove(Routes.class);
    pipeline.remove(FlowControlHandler.class);
    pipeline.channel().config().setAutoRead(true);
  }

  private void note(ChannelHandlerContext ctx, FullHttpRequest request, String[] parts) {
    boolean whole = parts.length == 3;
    HttpMethod[] methods =
        whole
            ? new HttpMethod[] {HttpMethod.DELETE}
            : new HttpMethod[] {HttpMethod.GET, HttpMethod.POST};
    RoomName room = roomName(ctx, parts[2]);
    RoomName slot = room == null || whole ? room : roomName(ctx, parts[3]);
    if (room == null || slot == null || !allowed(ctx, request, methods)) {
      return;
    }
    long now = context.nowNanos();
    if (whole) {
      context.notes().delete(now, room);
      ctx.writeAndFlush(Responses.noContent());
    } else if (request.method().equals(HttpMethod.POST)) {
      String type = request.headers().get(HttpHeaderNames.CONTENT_TYPE, "");
      var note = new NoteStore.Note(noteType(type), ByteBufUtil.getBytes(request.content()));
      if (context.notes().post(now, room, slot, note)) {
        ctx.writeAndFlush(Responses.noContent());
      } else {
        Responses.problem(
            ctx, ProblemKind.SERVER_FULL.because("There is no room for more. Try again later."));
      }
    } else {
      NoteStore.Note note = context.notes().get(now, room, slot);
      if (note == null) {
        notFound(ctx);
      } else {
        FullHttpResponse response =
            Responses.bytes(200, note.contentType(), Unpooled.wrappedBuffer(note.body()));
        response.headers().set(HttpHeaderNames.CACHE_CONTROL, "no-store");
        ctx.writeAndFlush(response);
      }
    }
  }

  /** What a stranger posted is never served as a page or a script of ours. */
  private static String noteType(String posted) {
    return isJson(posted) ? "application/json" : "text/plain; charset=utf-8";
  }

  private void page(ChannelHandlerContext ctx, FullHttpRequest request, String path) {
    FullHttpResponse response =
        context.pages().answer(path, request.headers().get(HttpHeaderNames.IF_NONE_MATCH));
    if (response == null) {
      if (path.equals("/")) {
        Responses.problem(
            ctx,
            ProblemKind.NOT_FOUND.because(
                "This server has no pages: tautline-web is not on its class path."));
      } else {
        notFound(ctx);
      }
    } else if (allowed(ctx, request, HttpMethod.GET, HttpMethod.HEAD)) {
      boolean head = request.method().equals(HttpMethod.HEAD);
      ctx.writeAndFlush(head ? response.replace(Unpooled.EMPTY_BUFFER) : response);
    }
  }

  private static @Nullable RoomName roomName(ChannelHandlerContext ctx, String name) {
    if (!RoomName.isValid(name)) {
      Responses.problem(
          ctx,
          ProblemKind.BAD_ROOM_NAME.because(
              "A room name has 1 to "
                  + RoomName.MAX_LENGTH
                  + " letters, digits or . _ ~ - (ASCII), a letter or digit first."));
      return null;
    }
    return new RoomName(name);
  }

  /** Whether the method is one of these; if not, it has been answered. */
  private static boolean allowed(
      ChannelHandlerContext ctx, FullHttpRequest request, HttpMethod... methods) {
    var names = new StringBuilder();
    for (HttpMethod method : methods) {
      if (request.method().equals(method)) {
        return true;
      }
      names.append(names.length() == 0 ? "" : ", ").append(method);
    }
    FullHttpResponse response =
        Responses.of(ProblemKind.METHOD_NOT_ALLOWED.because("This path takes " + names + "."));
    response.headers().set(HttpHeaderNames.ALLOW, names.toString());
    ctx.writeAndFlush(response);
    return false;
  }

  /** The body as text, or null when it has been answered that it is none. */
  private static @Nullable String jsonBody(ChannelHandlerContext ctx, FullHttpRequest request) {
    if (request.content().isReadable()
        && !isJson(request.headers().get(HttpHeaderNames.CONTENT_TYPE, ""))) {
      Responses.problem(
          ctx, ProblemKind.NOT_JSON.because("Send the body with Content-Type application/json."));
      return null;
    }
    return request.content().toString(StandardCharsets.UTF_8);
  }

  private static boolean isJson(String contentType) {
    return JSON_TYPE.matcher(contentType.toLowerCase(Locale.ROOT)).matches();
  }

  private static void notFound(ChannelHandlerContext ctx) {
    Responses.problem(ctx, ProblemKind.NOT_FOUND.because("There is nothing at this path."));
  }

  private static <T> CompletionStage<T> done(T value) {
    return CompletableFuture.completedFuture(value);
  }

  private static <T> void answerWith(
      ChannelHandlerContext ctx, CompletionStage<T> step, Function<T, FullHttpResponse> answer) {
    step.whenComplete(
        (value, failure) -> {
          if (failure != null) {
            LOG.warn("the store failed", failure);
            Responses.problem(ctx, ProblemKind.INTERNAL.because("The store of rooms failed."));
          } else {
            ctx.writeAndFlush(answer.apply(value));
          }
        });
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // The client went away, or what it sends cannot be read any further.
    if (cause instanceof IOException || cause instanceof CodecException) {
      LOG.debug("{}: {}", ctx.channel().remoteAddress(), cause.toString());
      ctx.close();
    } else {
      LOG.warn("closing a connection for a fault of ours", cause);
      Responses.problemAndClose(ctx, ProblemKind.INTERNAL.because("The server made a mistake."));
    }
  }
}

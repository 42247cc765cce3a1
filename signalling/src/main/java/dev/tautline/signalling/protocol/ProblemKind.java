package dev.tautline.signalling.protocol;

import java.util.Locale;

/** Every kind of error that the server tells, with its HTTP status. */
public enum ProblemKind {
  /** The name has not a room name's shape. */
  BAD_ROOM_NAME(400, "The room name is not allowed"),
  /** A body or message that is not a JSON object. */
  BAD_JSON(400, "Not a JSON object"),
  /** A JSON object that is not what the protocol says. */
  BAD_MESSAGE(400, "The message breaks the rooms protocol"),
  /** A request that HTTP or a route does not allow. */
  BAD_REQUEST(400, "Bad request"),
  /** The token is not that of a present member. */
  BAD_TOKEN(401, "The token is not valid"),
  /** The page that made the request comes from elsewhere. */
  FOREIGN_ORIGIN(403, "Origin not allowed"),
  /** The request names a host that this server does not serve. */
  FOREIGN_HOST(403, "Host not allowed"),
  /** There is nothing at this path. */
  NOT_FOUND(404, "Not found"),
  /** The member is no longer there. */
  NO_SUCH_MEMBER(404, "The member is no longer there"),
  /** The path does not take this method. */
  METHOD_NOT_ALLOWED(405, "Method not allowed"),
  /** The request was not complete in time. */
  REQUEST_TIMEOUT(408, "The request took too long"),
  /** All slots are taken. */
  ROOM_FULL(409, "The room is full"),
  /** A body or message over the limit. */
  TOO_LARGE(413, "Too large"),
  /** The body's content type is not JSON. */
  NOT_JSON(415, "The body is not JSON"),
  /** Events come over a WebSocket. */
  UPGRADE_REQUIRED(426, "A WebSocket is required"),
  /** A limit of one address or member. */
  TOO_MANY(429, "Too many"),
  /** A fault of the server. */
  INTERNAL(500, "Internal error"),
  /** A limit of the whole server. */
  SERVER_FULL(503, "The server is full");

  private static final String PREFIX = "urn:tautline:problem:";

  private final int status;
  private final String title;

  ProblemKind(int status, String title) {
    this.status = status;
    this.title = title;
  }

  /** The HTTP status. */
  public int status() {
    return status;
  }

  /** The kind's URI. */
  public String type() {
    return PREFIX + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** A problem of this kind; the detail is one or two sentences for a person. */
  public Problem because(String detail) {
    return new Problem(type(), title, status, detail);
  }
}

package dev.tautline.ice;

/** Which of Netty's transports a runtime uses. */
public enum IceTransport {
  /** Epoll where its native library loads, else NIO. */
  AUTO,
  /** Epoll; creating the runtime fails where its native library does not load. */
  EPOLL,
  /** The JDK's own selectors: everywhere. */
  NIO
}

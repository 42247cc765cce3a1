package dev.tautline.ice;

/**
 * Options of a runtime; immutable.
 *
 * @param loops how many event loops, 1 to 256
 * @param transport which of Netty's transports
 * @param threadNamePrefix what the loops' thread names start with
 * @param socketBufferBytes what is asked for as a socket's receive and send buffer; the system may
 *     give less
 * @param ports which ports are used and what addresses are announced
 */
public record IceRuntimeOptions(
    int loops,
    IceTransport transport,
    String threadNamePrefix,
    int socketBufferBytes,
    IcePorts ports) {
  private static final int DEFAULT_SOCKET_BUFFER = 4 << 20;

  /** Checks the ranges. */
  public IceRuntimeOptions {
    if (loops < 1 || loops > 256) {
      throw new IllegalArgumentException(loops + " loops are not within 1 and 256");
    }
    if (threadNamePrefix.isBlank()) {
      throw new IllegalArgumentException("the thread name prefix is blank");
    }
    if (socketBufferBytes < 4096) {
      throw new IllegalArgumentException(
          "a socket buffer of " + socketBufferBytes + " bytes is below 4096");
    }
  }

  /** The smaller of 4 and the number of cores as loops, transport AUTO, 4 MiB of socket buffer. */
  public static IceRuntimeOptions defaults() {
    int cores = Runtime.getRuntime().availableProcessors();
    return new IceRuntimeOptions(
        Math.min(cores, 4),
        IceTransport.AUTO,
        "tautline-loop",
        DEFAULT_SOCKET_BUFFER,
        IcePorts.defaults());
  }

  /** The same with another transport. */
  public IceRuntimeOptions withTransport(IceTransport value) {
    return new IceRuntimeOptions(loops, value, threadNamePrefix, socketBufferBytes, ports);
  }

  /** The same with another number of loops. */
  public IceRuntimeOptions withLoops(int value) {
    return new IceRuntimeOptions(value, transport, threadNamePrefix, socketBufferBytes, ports);
  }

  /** The same with another start of the loops' thread names. */
  public IceRuntimeOptions withThreadNamePrefix(String value) {
    return new IceRuntimeOptions(loops, transport, value, socketBufferBytes, ports);
  }

  /** The same with other ports. */
  public IceRuntimeOptions withPorts(IcePorts value) {
    return new IceRuntimeOptions(loops, transport, threadNamePrefix, socketBufferBytes, value);
  }
}

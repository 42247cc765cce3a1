package dev.tautline.rpc;

/**
 * What a peer may use up. Immutable; {@link #DEFAULTS} are those of the wire format's security
 * rules, each {@code with…} gives a copy.
 *
 * @param frameBytes largest single text message received, in UTF-8 bytes; 1 MiB
 * @param messageBytes largest message put together from chunks, and of all binary in a message; 16
 *     MiB
 * @param depth nesting of JSON, the frame itself included; 64
 * @param pathElements elements of a path; 32
 * @param pathElementChars characters of a path element; 256
 * @param arguments arguments of a call; 64
 * @param transferEntries ports and binary values in a message; 64
 * @param ports live ports in each direction; 1024
 * @param callsRunning requests that run at a time; 256
 * @param callsWaiting requests that wait beyond that; 1024
 * @param framesPerSecond received frames, also the burst; 10 000
 * @param pendingCalls own calls that wait for an answer; 65 536
 * @param sendBufferBytes above this much unsent data no further request starts to run; 1 MiB
 * @param sendQueueBytes above this much unsent data the connection is closed, since the peer does
 *     not read; 64 MiB
 * @param portQueueMessages messages of a raw port that nobody receives yet; 1024
 */
public record RpcLimits(
    int frameBytes,
    int messageBytes,
    int depth,
    int pathElements,
    int pathElementChars,
    int arguments,
    int transferEntries,
    int ports,
    int callsRunning,
    int callsWaiting,
    int framesPerSecond,
    int pendingCalls,
    long sendBufferBytes,
    long sendQueueBytes,
    int portQueueMessages) {
  /** The limits that hold unless others are given. */
  public static final RpcLimits DEFAULTS =
      new RpcLimits(
          1 << 20, 16 << 20, 64, 32, 256, 64, 64, 1024, 256, 1024, 10_000, 65_536, 1 << 20,
          64L << 20, 1024);

  public RpcLimits {
    positive("frameBytes", frameBytes);
    positive("messageBytes", messageBytes);
    positive("depth", depth);
    positive("pathElements", pathElements);
    positive("pathElementChars", pathElementChars);
    positive("arguments", arguments);
    positive("ports", ports);
    positive("callsRunning", callsRunning);
    positive("framesPerSecond", framesPerSecond);
    positive("pendingCalls", pendingCalls);
    positive("sendBufferBytes", sendBufferBytes);
    positive("sendQueueBytes", sendQueueBytes);
    positive("portQueueMessages", portQueueMessages);
    if (transferEntries < 0 || callsWaiting < 0) {
      throw new IllegalArgumentException("a limit is negative");
    }
    if (depth > 1000) {
      throw new IllegalArgumentException("depth " + depth + " is above 1000");
    }
  }

  private static void positive(String name, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " is " + value + ", must be at least 1");
    }
  }

  /** A copy with other message sizes, in UTF-8 bytes. */
  public RpcLimits withMessageSizes(int newFrameBytes, int newMessageBytes) {
    return new RpcLimits(
        newFrameBytes,
        newMessageBytes,
        depth,
        pathElements,
        pathElementChars,
        arguments,
        transferEntries,
        ports,
        callsRunning,
        callsWaiting,
        framesPerSecond,
        pendingCalls,
        sendBufferBytes,
        sendQueueBytes,
        portQueueMessages);
  }

  /** A copy with another number of live ports in each direction. */
  public RpcLimits withPorts(int newPorts) {
    return new RpcLimits(
        frameBytes,
        messageBytes,
        depth,
        pathElements,
        pathElementChars,
        arguments,
        transferEntries,
        newPorts,
        callsRunning,
        callsWaiting,
        framesPerSecond,
        pendingCalls,
        sendBufferBytes,
        sendQueueBytes,
        portQueueMessages);
  }

  /** A copy with other numbers of running and waiting requests. */
  public RpcLimits withCalls(int newRunning, int newWaiting) {
    return new RpcLimits(
        frameBytes,
        messageBytes,
        depth,
        pathElements,
        pathElementChars,
        arguments,
        transferEntries,
        ports,
        newRunning,
        newWaiting,
        framesPerSecond,
        pendingCalls,
        sendBufferBytes,
        sendQueueBytes,
        portQueueMessages);
  }

  /** A copy with another frame rate. */
  public RpcLimits withFramesPerSecond(int newFramesPerSecond) {
    return new RpcLimits(
        frameBytes,
        messageBytes,
        depth,
        pathElements,
        pathElementChars,
        arguments,
        transferEntries,
        ports,
        callsRunning,
        callsWaiting,
        newFramesPerSecond,
        pendingCalls,
        sendBufferBytes,
        sendQueueBytes,
        portQueueMessages);
  }

  /** A copy with other bounds of unsent data, in bytes. */
  public RpcLimits withSendBuffers(long newSendBufferBytes, long newSendQueueBytes) {
    return new RpcLimits(
        frameBytes,
        messageBytes,
        depth,
        pathElements,
        pathElementChars,
        arguments,
        transferEntries,
        ports,
        callsRunning,
        callsWaiting,
        framesPerSecond,
        pendingCalls,
        newSendBufferBytes,
        newSendQueueBytes,
        portQueueMessages);
  }
}

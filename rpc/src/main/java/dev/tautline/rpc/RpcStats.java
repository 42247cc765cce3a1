package dev.tautline.rpc;

import java.util.Map;

/**
 * Counters of a connection at one moment.
 *
 * @param framesReceived text messages received, chunks counted singly
 * @param framesSent text messages handed to the channel
 * @param callsServed requests answered or dropped after running
 * @param callsRunning requests that run now
 * @param callsWaiting requests that wait for a place to run
 * @param pendingCalls own calls that wait for an answer
 * @param exportedPorts live ports to own objects, raw ones included
 * @param importedPorts live ports to objects of the peer, raw ones included
 * @param refused requests answered with an error by this layer, not by the application
 * @param dropped ignored input by reason
 */
public record RpcStats(
    long framesReceived,
    long framesSent,
    long callsServed,
    int callsRunning,
    int callsWaiting,
    int pendingCalls,
    int exportedPorts,
    int importedPorts,
    long refused,
    Map<String, Long> dropped) {
  public RpcStats {
    dropped = Map.copyOf(dropped);
  }
}

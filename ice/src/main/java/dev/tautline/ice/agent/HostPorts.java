package dev.tautline.ice.agent;

import dev.tautline.ice.IcePorts;
import dev.tautline.ice.tcp.PassivePort;
import dev.tautline.ice.udp.SharedPort;
import java.util.Optional;

/**
 * What the agents of a runtime have in common where they meet the network.
 *
 * @param ports what was asked for
 * @param udp the one UDP port
 * @param tcp the TCP port that listens
 * @param announcements the addresses that peers are told in place of ours
 */
public record HostPorts(
    IcePorts ports,
    Optional<SharedPort> udp,
    Optional<PassivePort> tcp,
    Announcements announcements) {
  /** Nothing is shared. */
  public static HostPorts of(IcePorts ports) {
    return new HostPorts(ports, Optional.empty(), Optional.empty(), new Announcements(ports));
  }
}

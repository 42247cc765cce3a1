package dev.tautline.ice.check;

import java.net.InetSocketAddress;

/**
 * From which socket to which address datagrams go, or where one came.
 *
 * @param base the index of the socket
 * @param remote the peer's address
 */
public record Route(int base, InetSocketAddress remote) {}

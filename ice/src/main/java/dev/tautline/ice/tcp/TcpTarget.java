package dev.tautline.ice.tcp;

import dev.tautline.ice.HttpProxy;
import java.net.InetSocketAddress;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/**
 * Where a connection goes.
 *
 * @param address where TCP connects to: the server, or the proxy
 * @param host the server's name or address, which the proxy is told
 * @param port the server's port
 * @param name what the server's certificate must have
 * @param tls with TLS, which checks the certificate against the name; empty for plain TCP
 * @param proxy the proxy, when {@code address} is its
 * @param timeoutNanos how long it may take until bytes can be sent, proxy and TLS included
 */
public record TcpTarget(
    InetSocketAddress address,
    String host,
    int port,
    String name,
    Optional<SSLContext> tls,
    Optional<HttpProxy> proxy,
    long timeoutNanos) {}

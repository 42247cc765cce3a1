package dev.tautline.signalling.client;

import java.io.IOException;
import java.io.PushbackInputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A TCP proxy whose connections can be cut, as a network does it. */
final class CuttableProxy implements AutoCloseable {
  private final URI target;
  private final ServerSocket listener;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final AtomicInteger answersToLose = new AtomicInteger();
  private volatile boolean refusing;

  CuttableProxy(URI target) throws IOException {
    this.target = target;
    this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    threads.execute(this::accept);
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + listener.getLocalPort() + "/");
  }

  /** Cuts all connections; new ones are cut at once until {@link #mend}. */
  void cut() {
    refusing = true;
    sockets.forEach(CuttableProxy::close);
  }

  void mend() {
    refusing = false;
  }

  /** Cuts each of the next connections when its first answer comes, which is lost. */
  void loseAnswers(int count) {
    answersToLose.set(count);
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        if (refusing) {
          close(client);
          continue;
        }
        var server = new Socket(target.getHost(), target.getPort());
        sockets.add(client);
        sockets.add(server);
        threads.execute(() -> pump(client, server));
        threads.execute(() -> answers(server, client));
      }
    } catch (IOException e) {
      // The listener was closed: the test is over.
      close();
    }
  }

  private void answers(Socket server, Socket client) {
    try {
      var in = new PushbackInputStream(server.getInputStream());
      int first = in.read();
      if (first >= 0) {
        in.unread(first);
        if (answersToLose.getAndUpdate(left -> Math.max(0, left - 1)) == 0) {
          in.transferTo(client.getOutputStream());
        }
      }
    } catch (IOException e) {
      // Cut.
      close(server);
    } finally {
      close(client);
    }
  }

  private static void pump(Socket from, Socket to) {
    try {
      from.getInputStream().transferTo(to.getOutputStream());
    } catch (IOException e) {
      // Cut.
      close(from);
    } finally {
      close(to);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new IllegalStateException("a socket always closes", e);
    }
  }

  @Override
  public void close() {
    cut();
    try {
      listener.close();
    } catch (IOException e) {
      throw new IllegalStateException("a listener always closes", e);
    }
    threads.shutdown();
  }
}

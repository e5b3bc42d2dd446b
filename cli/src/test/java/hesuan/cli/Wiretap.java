package hesuan.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** Stands before an agent's data port and counts what goes by, as anybody on the way could. */
final class Wiretap implements AutoCloseable {
  private final ServerSocket listening;
  private final int port;

  /** Of each connection what went towards the agent, and from it. */
  private record Connection(AtomicLong in, AtomicLong out) {}

  private final List<Connection> connections = new CopyOnWriteArrayList<>();

  Wiretap(int port) throws IOException {
    this.port = port;
    listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  String address() {
    return "127.0.0.1:" + listening.getLocalPort();
  }

  /** Bytes towards the agent and from it, by connection; connections so far are left behind. */
  List<List<Long>> taken() {
    List<List<Long>> taken = new ArrayList<>();
    for (Connection each : connections) {
      taken.add(List.of(each.in.getAndSet(0), each.out.getAndSet(0)));
    }
    return taken;
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listening.accept();
        Socket agent = new Socket(InetAddress.getLoopbackAddress(), port);
        Connection connection = new Connection(new AtomicLong(), new AtomicLong());
        connections.add(connection);
        Thread.ofVirtual().start(() -> copy(client, agent, connection.in));
        Thread.ofVirtual().start(() -> copy(agent, client, connection.out));
      }
    } catch (IOException e) {
      // closed, or the agent is down: whoever dialled finds out
    }
  }

  private static void copy(Socket from, Socket to, AtomicLong counted) {
    byte[] bytes = new byte[1 << 16];
    try (from;
        to;
        InputStream source = from.getInputStream();
        OutputStream sink = to.getOutputStream()) {
      for (int n = source.read(bytes); n >= 0; n = source.read(bytes)) {
        counted.addAndGet(n);
        sink.write(bytes, 0, n);
      }
    } catch (IOException e) {
      // either side has ended the connection
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
  }
}

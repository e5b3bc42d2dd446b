package hesuan.cli;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports of this machine for processes that listen later, and again after they were killed: nobody
 * else who asks here is given them until this is closed or its process ends.
 *
 * <p>A port that was bound, looked at and let go may be another's a moment later. So ports come in
 * rows: whoever holds the first port of a row has the row. All rows lie below the ports that a
 * system gives to connections, and to listeners that ask for any (from 32768 on Linux, 49152
 * elsewhere).
 */
final class Ports implements AutoCloseable {
  private static final int FIRST = 20_000;
  private static final int ROW = 32;
  private static final int ROWS = 380;

  private final List<ServerSocket> held = new ArrayList<>();
  private int next;
  private int end;

  /** One that nobody listens on now. */
  synchronized int take() throws IOException {
    while (true) {
      if (next == end) {
        holdRow();
      }
      int port = next++;
      if (isFree(port)) {
        return port;
      }
    }
  }

  private void holdRow() throws IOException {
    int start = ThreadLocalRandom.current().nextInt(ROWS);
    for (int i = 0; i < ROWS; i++) {
      int first = FIRST + (start + i) % ROWS * ROW;
      try {
        held.add(listen(first));
        next = first + 1;
        end = first + ROW;
        return;
      } catch (IOException e) {
        // another's row
      }
    }
    throw new ProblemException(
        ErrorCode.ENVIRONMENT,
        "127.0.0.1",
        "a free port in " + FIRST + " to " + (FIRST + ROWS * ROW - 1),
        "none");
  }

  /** What a killed owner of this row has left running may still listen. */
  private static boolean isFree(int port) {
    try (ServerSocket socket = listen(port)) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  private static ServerSocket listen(int port) throws IOException {
    return new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
  }

  @Override
  public synchronized void close() throws IOException {
    for (ServerSocket socket : held) {
      socket.close();
    }
    held.clear();
    next = end;
  }
}

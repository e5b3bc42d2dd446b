package hesuan.transport;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;

/**
 * Runs what it is given one after the other on a virtual thread of its own, so that slow work on
 * messages never holds up heartbeats. Bounded: a giver of messages waits when too many do.
 */
final class Ordered {
  private static final int WAITING_MAX = 256;
  private static final Runnable END = () -> {};

  private final BlockingQueue<Runnable> waiting = new LinkedBlockingQueue<>();
  private final Semaphore room = new Semaphore(WAITING_MAX);

  Ordered(String name) {
    Thread.ofVirtual().name(name).start(this::work);
  }

  private void work() {
    try {
      for (Runnable next = waiting.take(); !next.equals(END); next = waiting.take()) {
        next.run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Something that a peer made us do; waits for room. */
  void message(Runnable work) {
    try {
      room.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    waiting.add(
        () -> {
          try {
            work.run();
          } finally {
            room.release();
          }
        });
  }

  /** Something that happens a bounded number of times; never waits. */
  void event(Runnable work) {
    waiting.add(work);
  }

  /** Ends after all that was given so far. */
  void end() {
    waiting.add(END);
  }
}

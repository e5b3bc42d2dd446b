package hesuan.group;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;

/**
 * How a computation is spread over the caller's threads: the protocols own none. An implementation
 * runs the task once for every slice number, in any order, and returns when all have ended.
 */
public interface Workers {
  /** In the calling thread. */
  Workers ONE =
      new Workers() {
        @Override
        public int count() {
          return 1;
        }

        @Override
        public void run(IntConsumer task) {
          task.accept(0);
        }
      };

  int count();

  /** Runs the task for 0 to {@link #count} - 1; a slice's exception is thrown on. */
  void run(IntConsumer task);

  /** Spreads over a pool that stays the caller's. */
  static Workers of(int count, ExecutorService pool) {
    return new Workers() {
      @Override
      public int count() {
        return count;
      }

      @Override
      public void run(IntConsumer task) {
        List<Future<?>> others = new ArrayList<>();
        for (int slice = 1; slice < count; slice++) {
          int number = slice;
          others.add(pool.submit(() -> task.accept(number)));
        }
        try {
          task.accept(0);
        } finally {
          others.forEach(Workers::await);
        }
      }
    };
  }

  private static void await(Future<?> slice) {
    try {
      slice.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new IllegalStateException(e.getCause());
    }
  }

  /** Splits [0, items) evenly: the task gets a range for each slice that has any. */
  default void split(int items, RangeTask task) {
    int slices = count();
    run(
        slice -> {
          int from = (int) ((long) items * slice / slices);
          int to = (int) ((long) items * (slice + 1) / slices);
          if (from < to) {
            task.accept(from, to);
          }
        });
  }

  /** Work on the items from (inclusive) to (exclusive). */
  @FunctionalInterface
  interface RangeTask {
    void accept(int from, int to);
  }
}

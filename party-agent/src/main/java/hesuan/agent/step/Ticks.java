package hesuan.agent.step;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * What leaves a step, leaves at fixed times after it began. So the time that rows take to read
 * tells only which of these times came next, and one person more or less hardly ever moves it to
 * another.
 */
final class Ticks {
  static final long EVERY_NANOS = Duration.ofMillis(50).toNanos();

  private final LongSupplier nanoTime;
  private final LongConsumer park;
  private final long startNanos;

  Ticks() {
    this(System::nanoTime, LockSupport::parkNanos);
  }

  Ticks(LongSupplier nanoTime, LongConsumer park) {
    this.nanoTime = nanoTime;
    this.park = park;
    this.startNanos = nanoTime.getAsLong();
  }

  /** An interrupted attempt does not wait: nothing leaves it any more. */
  void awaitNext() {
    long passed = nanoTime.getAsLong() - startNanos;
    long end = startNanos + (passed / EVERY_NANOS + 1) * EVERY_NANOS;
    for (long left = end - nanoTime.getAsLong();
        left > 0 && !Thread.currentThread().isInterrupted();
        left = end - nanoTime.getAsLong()) {
      park.accept(left);
    }
  }
}

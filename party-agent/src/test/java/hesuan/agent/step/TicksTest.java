package hesuan.agent.step;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TicksTest {
  @Test
  void awaitNext_howeverLongTheWorkTook_returnsAtTheNextTick() {
    long every = Ticks.EVERY_NANOS;
    for (long worked : new long[] {0, 1, every / 2, every - 1}) {
      assertEquals(every, leftAfter(worked), "" + worked);
      assertEquals(3 * every, leftAfter(2 * every + worked), "" + worked);
    }
  }

  @Test
  void awaitNext_wokenTooEarly_waitsOn() {
    AtomicLong now = new AtomicLong(7);
    Ticks ticks = new Ticks(now::get, nanos -> now.addAndGet(Math.max(1, nanos / 2)));
    ticks.awaitNext();
    assertEquals(7 + Ticks.EVERY_NANOS, now.get());
  }

  private static long leftAfter(long workedNanos) {
    AtomicLong now = new AtomicLong(1000);
    Ticks ticks = new Ticks(now::get, now::addAndGet);
    now.addAndGet(workedNanos);
    ticks.awaitNext();
    return now.get() - 1000;
  }
}

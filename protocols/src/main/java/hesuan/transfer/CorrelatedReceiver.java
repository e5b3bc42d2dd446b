package hesuan.transfer;

import hesuan.vole.ShortTransfers;
import java.util.Arrays;

/**
 * The end of correlated transfers with random bits b: rows t = q + b Delta, b in the lowest bit.
 * Rows come from a stock that is refilled by messages, so both ends must ask for as many in the
 * same order. One thread's.
 */
public final class CorrelatedReceiver {
  private final ShortTransfers.Receiver start;
  private long[] stock = {};
  private int used;

  CorrelatedReceiver(ShortTransfers.Receiver start) {
    this.start = start;
  }

  /** Fills rows, two longs each. Never gives a row twice. */
  public void next(long[] rows, int count) {
    int done = 0;
    while (done < 2 * count) {
      if (used == stock.length) {
        stock = start.lot();
        used = 0;
      }
      int take = Math.min(2 * count - done, stock.length - used);
      System.arraycopy(stock, used, rows, done, take);
      Arrays.fill(stock, used, used + take, 0);
      used += take;
      done += take;
    }
  }

  void wipe() {
    Arrays.fill(stock, 0);
    start.wipe();
  }
}

package hesuan.transfer;

import hesuan.vole.ShortTransfers;
import java.util.Arrays;

/**
 * The end of correlated transfers with Delta: rows q of which the peer has q or q + Delta. Rows
 * come from a stock that is refilled by messages, so both ends must ask for as many in the same
 * order. One thread's.
 */
public final class CorrelatedSender {
  private final ShortTransfers.Sender start;
  private long[] stock = {};
  private int used;

  CorrelatedSender(ShortTransfers.Sender start) {
    this.start = start;
  }

  public long delta0() {
    return start.delta0();
  }

  public long delta1() {
    return start.delta1();
  }

  /** Fills rows, two longs each; the lowest bit of each row is 0. Never gives a row twice. */
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

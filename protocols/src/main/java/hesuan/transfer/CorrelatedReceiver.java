package hesuan.transfer;

import hesuan.vole.Peer;

/**
 * The end of correlated transfers with random bits b: rows t = q + b Delta, b in the lowest bit.
 * Rows come from a stock that is refilled by a message of the peer, so both ends must ask for as
 * many, in the same order between their own messages. One thread's.
 */
public final class CorrelatedReceiver {
  private final Peer peer;
  private final RowMaker.Shop makers;
  private final RowMaker.Stock stock;

  /**
   * @param start the rows of the short transfers
   */
  CorrelatedReceiver(Peer peer, long[] start, RowMaker.Shop makers) {
    this.peer = peer;
    this.makers = makers;
    stock = new RowMaker.Stock(start);
  }

  /** Fills rows, two longs each. Never gives a row twice. */
  public void next(long[] rows, int count) {
    for (int done = 0; done < 2 * count; ) {
      if (stock.isEmpty()) {
        refill(makers.get(0), trees());
      }
      done += stock.take(rows, done, 2 * count - done);
    }
  }

  boolean isEmpty() {
    return stock.isEmpty();
  }

  byte[] trees() {
    return peer.receive(RowMaker.TREES, HalfTrees.MESSAGE_BYTES);
  }

  void refill(RowMaker maker, byte[] trees) {
    maker.encoder.start();
    maker.trees.growPunctured(trees, stock.kept, maker.encoder);
    stock.refill(maker.encoder);
  }

  void wipe() {
    stock.wipe();
  }
}

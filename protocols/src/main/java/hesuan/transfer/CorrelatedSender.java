package hesuan.transfer;

import hesuan.vole.Peer;
import hesuan.vole.ShortTransfers;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * The end of correlated transfers with Delta: rows q of which the peer has q or q + Delta. Rows
 * come from a stock that is refilled by a message to the peer, so both ends must ask for as many,
 * in the same order between their own messages. One thread's.
 */
public final class CorrelatedSender {
  private final Peer peer;
  private final long delta0;
  private final long delta1;
  private final SecureRandom random;
  private final RowMaker.Shop makers;
  private final RowMaker.Stock stock;

  CorrelatedSender(
      Peer peer, ShortTransfers.Sender start, SecureRandom random, RowMaker.Shop makers) {
    this.peer = peer;
    this.random = random;
    this.makers = makers;
    delta0 = start.delta0();
    delta1 = start.delta1();
    stock = new RowMaker.Stock(start.rows());
  }

  public long delta0() {
    return delta0;
  }

  public long delta1() {
    return delta1;
  }

  /** Fills rows, two longs each; the lowest bit of each row is 0. Never gives a row twice. */
  public void next(long[] rows, int count) {
    for (int done = 0; done < 2 * count; ) {
      if (stock.isEmpty()) {
        sendTrees(makers.get(0));
        refill(makers.get(0));
      }
      done += stock.take(rows, done, 2 * count - done);
    }
  }

  boolean isEmpty() {
    return stock.isEmpty();
  }

  void sendTrees(RowMaker maker) {
    byte[] roots = new byte[16 * HalfTrees.TREES];
    random.nextBytes(roots);
    maker.encoder.start();
    byte[] message = maker.trees.grow(roots, stock.kept, delta0, delta1, maker.encoder);
    Arrays.fill(roots, (byte) 0);
    peer.send(RowMaker.TREES, message);
  }

  void refill(RowMaker maker) {
    stock.refill(maker.encoder);
  }

  void wipe() {
    stock.wipe();
  }
}

package hesuan.circuit;

import hesuan.transfer.Transfers;
import hesuan.vole.Peer;
import hesuan.vole.Words;

/**
 * Gates over XOR-shared words: XOR is each party's own affair, AND spends a triple and opens two
 * masked bits (Beaver 1991). One thread's.
 */
public final class Gates {
  private static final byte OPENED = 13;

  /** Words of gates between two rounds. */
  private static final int LOT = 1 << 17;

  private final BitTriples triples;
  private final Peer peer;
  private final long mine;

  public Gates(Transfers transfers, BitTriples triples) {
    this.triples = triples;
    peer = new Peer(transfers.channel());
    mine = transfers.first() ? -1 : 0;
  }

  /**
   * z = x AND y, word for word, one round for up to 2^23 gates. Blocks while the peer works, which
   * must ask for as many.
   *
   * @param z may be x or y at the same place
   */
  public void and(long[] x, int xAt, long[] y, int yAt, long[] z, int zAt, int words) {
    int lot = Math.min(LOT, words);
    long[] a = new long[lot];
    long[] b = new long[lot];
    long[] c = new long[lot];
    for (int from = 0; from < words; from += lot) {
      int size = Math.min(lot, words - from);
      triples.next(a, b, c, size);
      byte[] body = new byte[2 * Long.BYTES * size];
      for (int i = 0; i < size; i++) {
        Words.put(body, 16 * i, x[xAt + from + i] ^ a[i]);
        Words.put(body, 16 * i + 8, y[yAt + from + i] ^ b[i]);
      }
      peer.send(OPENED, body);
      byte[] theirs = peer.receive(OPENED, body.length);
      for (int i = 0; i < size; i++) {
        long d = Words.at(body, 16 * i) ^ Words.at(theirs, 16 * i);
        long e = Words.at(body, 16 * i + 8) ^ Words.at(theirs, 16 * i + 8);
        z[zAt + from + i] = c[i] ^ d & b[i] ^ e & a[i] ^ d & e & mine;
      }
    }
  }
}

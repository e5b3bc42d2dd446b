package hesuan.circuit;

import hesuan.transfer.RowHash;
import hesuan.transfer.Transfers;
import java.util.Arrays;

/**
 * XOR shares of random bits a and b and of their products, 64 to a word, each from a transfer each
 * way and without a message of its own: in a random transfer of bits m0 and m1 the sender's m0 and
 * m0 + m1 and the receiver's choice and m are shares of a product. docs/protocols/gmw.md, step 1.
 */
public final class BitTriples {
  private static final int PIECE_WORDS = RowHash.PIECE / 64;

  private final Transfers transfers;
  private final long delta0;
  private final long delta1;
  private final RowHash zeroHash;
  private final RowHash oneHash;
  private final long[] sent = new long[2 * RowHash.PIECE];
  private final long[] received = new long[2 * RowHash.PIECE];
  private long index;

  public BitTriples(Transfers transfers) {
    this.transfers = transfers;
    delta0 = transfers.sender().delta0();
    delta1 = transfers.sender().delta1();
    zeroHash = new RowHash(transfers.session(), "triples");
    oneHash = new RowHash(transfers.session(), "triples");
  }

  /** Fills that many words of each. Both ends must ask for as many; no triple is given twice. */
  public void next(long[] a, long[] b, long[] c, int words) {
    for (int at = 0; at < words; at += PIECE_WORDS) {
      piece(a, b, c, at, Math.min(PIECE_WORDS, words - at));
    }
    Arrays.fill(sent, 0);
    Arrays.fill(received, 0);
    zeroHash.wipe();
    oneHash.wipe();
  }

  private void piece(long[] a, long[] b, long[] c, int at, int words) {
    int count = 64 * words;
    transfers.next(sent, received, count);
    zeroHash.hash(sent, 0, count, index, 0, 0, 0);
    oneHash.hash(sent, 0, count, index, 0, delta0, delta1);
    for (int word = 0; word < words; word++) {
      long zero = zeroHash.bits(64 * word);
      a[at + word] = zero ^ oneHash.bits(64 * word);
      c[at + word] = zero;
    }
    zeroHash.hash(received, 0, count, index, 0, 0, 0);
    for (int word = 0; word < words; word++) {
      long choices = 0;
      for (int i = 63; i >= 0; i--) {
        choices = choices << 1 | received[2 * (64 * word + i)] & 1;
      }
      b[at + word] = choices;
      c[at + word] ^= zeroHash.bits(64 * word) ^ a[at + word] & choices;
    }
    index += count;
  }
}

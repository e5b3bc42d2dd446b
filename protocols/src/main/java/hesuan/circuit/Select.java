package hesuan.circuit;

import hesuan.transfer.ChosenTransfers;
import hesuan.transfer.Transfers;
import java.util.Arrays;

/**
 * Products of bits and values as additive shares modulo 2^64: the values where a bit is 1, zeros
 * elsewhere, and nobody knows which. A bit is XOR-shared or known to one side, a value known to one
 * side or additively shared. Values and results are row after row of one or more columns, a row for
 * each bit. Both ends call the mirrored methods with the same counts. One thread's.
 */
public final class Select {
  private final ChosenTransfers transfers;
  private final boolean first;

  public Select(Transfers transfers) {
    this.transfers = new ChosenTransfers(transfers);
    first = transfers.first();
  }

  /** Both bits and values are shared; both ends call this. */
  public long[] shared(long[] bits, long[] values, int count, int columns) {
    long[] own = first ? own(bits, values, count, columns) : peers(bits, count, columns);
    long[] other = first ? peers(bits, count, columns) : own(bits, values, count, columns);
    add(own, other);
    Arrays.fill(other, 0);
    return own;
  }

  /** The bits are shared and this end knows the values; the peer calls {@link #peers}. */
  public long[] own(long[] bits, long[] values, int count, int columns) {
    // e v = e1 v + e0 (1 - 2 e1) v, with e1 here and e0 at the peer.
    long[] signed = new long[Math.multiplyExact(count, columns)];
    for (int i = 0; i < signed.length; i++) {
      long mask = -bit(bits, i / columns);
      signed[i] = (values[i] ^ mask) - mask;
    }
    long[] shares = transfers.give(signed, count, columns);
    for (int i = 0; i < signed.length; i++) {
      shares[i] += values[i] & -bit(bits, i / columns);
    }
    Arrays.fill(signed, 0);
    return shares;
  }

  /** The bits are shared and the peer knows the values: it calls {@link #own}. */
  public long[] peers(long[] bits, int count, int columns) {
    return transfers.choose(bits, count, columns);
  }

  /** XOR-shared bits as additive shares of 0 and 1; both ends call this. */
  public long[] bits(long[] bits, int count) {
    if (!first) {
      return peers(bits, count, 1);
    }
    long[] ones = new long[count];
    Arrays.fill(ones, 1);
    return own(bits, ones, count, 1);
  }

  /** This end knows the bits and the values are shared; the peer calls {@link #give}. */
  public long[] choose(long[] choices, long[] values, int count, int columns) {
    long[] shares = transfers.choose(choices, count, columns);
    for (int i = 0; i < shares.length; i++) {
      shares[i] += values[i] & -bit(choices, i / columns);
    }
    return shares;
  }

  /** The peer knows the bits and the values are shared: it calls {@link #choose}. */
  public long[] give(long[] values, int count, int columns) {
    return transfers.give(values, count, columns);
  }

  private static void add(long[] to, long[] more) {
    for (int i = 0; i < to.length; i++) {
      to[i] += more[i];
    }
  }

  private static long bit(long[] bits, int i) {
    return bits[i / 64] >>> i & 1;
  }
}

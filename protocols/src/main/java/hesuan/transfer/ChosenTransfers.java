package hesuan.transfer;

import hesuan.vole.Peer;
import hesuan.vole.Words;
import java.util.Arrays;

/**
 * Transfers of words that the parties choose, each of one or more columns, out of random ones: the
 * chooser says which of its random bits differ from its choices, the giver sends words under masks
 * of which the chooser can make one. Both ends call the mirrored methods with the same counts. One
 * thread's.
 */
public final class ChosenTransfers {
  private static final byte FLIPS = 11;
  private static final byte WORDS = 12;

  /** Words in a message: 1 MiB. */
  private static final int MESSAGE_WORDS = 1 << 17;

  private static final int LOT = 1 << 16;
  private static final int COLUMNS_MAX = 64;

  private final Transfers transfers;
  private final Peer peer;
  private final RowHash zeroHash;
  private final RowHash oneHash;
  private long given;
  private long chosen;

  public ChosenTransfers(Transfers transfers) {
    this.transfers = transfers;
    peer = new Peer(transfers.channel());
    zeroHash = new RowHash(transfers.session(), "chosen");
    oneHash = new RowHash(transfers.session(), "chosen");
  }

  /**
   * Sends two words for each value, of which the peer gets the one of its bit.
   *
   * @param zeros row after row of that many columns
   */
  public void send(long[] zeros, long[] ones, int count, int columns) {
    give(
        count,
        columns,
        2,
        (value, zero, one, out, at) -> {
          out[at] = zeros[value] ^ zero;
          out[at + 1] = ones[value] ^ one;
        });
  }

  /**
   * The words that a bitset chooses among those the peer sends.
   *
   * @return row after row of that many columns
   */
  public long[] receive(long[] choices, int count, int columns) {
    long[] words = new long[Math.multiplyExact(count, columns)];
    choose(
        choices,
        count,
        columns,
        2,
        (value, mask, choice, in, at) ->
            words[value] = mask ^ in[at] ^ (in[at] ^ in[at + 1]) & -choice);
    return words;
  }

  /**
   * The giver's halves w of products: u + w = e v modulo 2^64, e the peer's bit and v these.
   *
   * @param values row after row of that many columns
   */
  public long[] give(long[] values, int count, int columns) {
    long[] halves = new long[Math.multiplyExact(count, columns)];
    give(
        count,
        columns,
        1,
        (value, zero, one, out, at) -> {
          out[at] = zero + values[value] - one;
          halves[value] = -zero;
        });
    return halves;
  }

  /** The chooser's halves u. */
  public long[] choose(long[] choices, int count, int columns) {
    long[] halves = new long[Math.multiplyExact(count, columns)];
    choose(
        choices,
        count,
        columns,
        1,
        (value, mask, choice, in, at) -> halves[value] = mask + (in[at] & -choice));
    return halves;
  }

  /** From the masks of a value for choice 0 and 1 to the words that travel. */
  private interface Given {
    void put(int value, long zero, long one, long[] out, int at);
  }

  /** From the mask of the choice and the words that came. */
  private interface Chosen {
    void take(int value, long mask, long choice, long[] in, int at);
  }

  private static int lot(int columns, int width) {
    if (columns < 1 || columns > COLUMNS_MAX) {
      throw new IllegalArgumentException(columns + " columns");
    }
    return Math.min(LOT, MESSAGE_WORDS / (columns * width) / 64 * 64);
  }

  private void give(int count, int columns, int width, Given each) {
    int lot = lot(columns, width);
    CorrelatedSender sender = transfers.sender();
    long[] rows = new long[2 * Math.min(lot, count)];
    for (int from = 0; from < count; from += lot) {
      int size = Math.min(lot, count - from);
      sender.next(rows, size);
      byte[] flips = peer.receive(FLIPS, bytes(size));
      long[] out = new long[size * columns * width];
      for (int piece = 0; piece < size; piece += RowHash.PIECE) {
        int length = Math.min(RowHash.PIECE, size - piece);
        for (int column = 0; column < columns; column++) {
          if (column % 2 == 0) {
            zeroHash.hash(rows, piece, length, given + piece, column, 0, 0);
            oneHash.hash(
                rows, piece, length, given + piece, column, sender.delta0(), sender.delta1());
          }
          for (int i = 0; i < length; i++) {
            long zero = column % 2 == 0 ? zeroHash.low(i) : zeroHash.high(i);
            long one = column % 2 == 0 ? oneHash.low(i) : oneHash.high(i);
            long swap = (zero ^ one) & -bit(flips, piece + i);
            int value = (piece + i) * columns + column;
            each.put(from * columns + value, zero ^ swap, one ^ swap, out, value * width);
          }
        }
      }
      given += size;
      peer.send(WORDS, Words.bytes(out));
    }
    wipe(rows);
  }

  private void choose(long[] choices, int count, int columns, int width, Chosen each) {
    int lot = lot(columns, width);
    long[] rows = new long[2 * Math.min(lot, count)];
    for (int from = 0; from < count; from += lot) {
      int size = Math.min(lot, count - from);
      transfers.receiver().next(rows, size);
      byte[] flips = new byte[bytes(size)];
      for (int i = 0; i < size; i++) {
        long flip = rows[2 * i] & 1 ^ choices[(from + i) / 64] >>> (from + i) & 1;
        flips[i >> 3] |= (byte) (flip << (i & 7));
      }
      peer.send(FLIPS, flips);
      byte[] body = peer.receive(WORDS, Math.multiplyExact(size * columns, width) * Long.BYTES);
      long[] in = new long[size * columns * width];
      for (int i = 0; i < in.length; i++) {
        in[i] = Words.at(body, i * Long.BYTES);
      }
      for (int piece = 0; piece < size; piece += RowHash.PIECE) {
        int length = Math.min(RowHash.PIECE, size - piece);
        for (int column = 0; column < columns; column++) {
          if (column % 2 == 0) {
            zeroHash.hash(rows, piece, length, chosen + piece, column, 0, 0);
          }
          for (int i = 0; i < length; i++) {
            long mask = column % 2 == 0 ? zeroHash.low(i) : zeroHash.high(i);
            int value = (piece + i) * columns + column;
            long choice = choices[(from + piece + i) / 64] >>> (from + piece + i) & 1;
            each.take(from * columns + value, mask, choice, in, value * width);
          }
        }
      }
      chosen += size;
    }
    wipe(rows);
  }

  private void wipe(long[] rows) {
    Arrays.fill(rows, 0);
    zeroHash.wipe();
    oneHash.wipe();
  }

  private static int bytes(int bits) {
    return (bits + 7) / 8;
  }

  private static long bit(byte[] bits, int i) {
    return bits[i >> 3] >> (i & 7) & 1;
  }
}

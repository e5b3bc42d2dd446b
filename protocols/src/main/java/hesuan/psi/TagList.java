package hesuan.psi;

import hesuan.group.Workers;
import hesuan.okvs.BlockHash;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The truncated tags of a bucket's values in ascending order, which says nothing of the order of
 * the items. Sorted as packed longs: 40 leading bits, 24 of position; the few ties by all bits.
 */
final class TagList {
  private static final VarHandle BIG_LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final int PLACE_BITS = 24;
  private static final long PLACE = (1L << PLACE_BITS) - 1;

  private final int bytes;
  private final long[] tags;
  private final long[] packed;

  private TagList(int bytes, long[] tags, long[] packed) {
    this.bytes = bytes;
    this.tags = tags;
    this.packed = packed;
  }

  /**
   * @param key of the hash that makes values into tags
   */
  static TagList of(long[] values, byte[] key, int bytes, Workers workers) {
    int count = values.length / 2;
    long[] tags = new long[values.length];
    long[] packed = new long[count];
    long lowMask = bytes == 16 ? -1 : -1L << (16 - bytes) * 8;
    workers.split(
        count,
        (from, to) -> {
          BlockHash hash = new BlockHash(key);
          hash.hash(values, from, to - from, tags, from);
          hash.wipe();
          for (int i = from; i < to; i++) {
            tags[2 * i + 1] = bytes > 8 ? tags[2 * i + 1] & lowMask : 0;
            packed[i] = (tags[2 * i] & ~PLACE | i) ^ Long.MIN_VALUE;
          }
        });
    Arrays.sort(packed);
    TagList list = new TagList(bytes, tags, packed);
    list.orderTies();
    return list;
  }

  private void orderTies() {
    for (int i = 1; i < packed.length; i++) {
      for (int at = i; at > 0 && (packed[at - 1] ^ packed[at]) >>> PLACE_BITS == 0; at--) {
        if (compare(place(at - 1), tags[2 * place(at)], tags[2 * place(at) + 1]) <= 0) {
          break;
        }
        long moved = packed[at];
        packed[at] = packed[at - 1];
        packed[at - 1] = moved;
      }
    }
  }

  private int compare(int place, long high, long low) {
    int first = Long.compareUnsigned(tags[2 * place], high);
    return first != 0 ? first : Long.compareUnsigned(tags[2 * place + 1], low);
  }

  int count() {
    return packed.length;
  }

  /** Where in the bucket the tag with that rank stands. */
  int place(int rank) {
    return (int) (packed[rank] & PLACE);
  }

  /** The tags of ranks from on, as they travel. */
  byte[] encoded(int from, int count) {
    byte[] out = new byte[count * bytes];
    for (int i = 0; i < count; i++) {
      int place = place(from + i);
      int at = i * bytes;
      BIG_LONG.set(out, at, tags[2 * place]);
      long low = tags[2 * place + 1];
      for (int k = 8; k < bytes; k++) {
        out[at + k] = (byte) (low >>> 56);
        low <<= 8;
      }
    }
    return out;
  }

  /**
   * A walk along this list beside the peer's, which comes in ascending batches: a merge, not a hash
   * set.
   */
  final class Merge {
    private final int[] places;
    private final byte[] found;
    private int rank;
    private int peerRank;
    private int matches;
    private long lastHigh;
    private long lastLow;

    Merge(int peerCount) {
      places = new int[Math.min(count(), peerCount)];
      found = new byte[(peerCount + 7) / 8];
    }

    /** False when the peer's tags do not ascend strictly. */
    boolean take(byte[] batch) {
      for (int at = 0; at < batch.length; at += bytes) {
        long high = (long) BIG_LONG.get(batch, at);
        long low = 0;
        for (int k = 8; k < bytes; k++) {
          low |= (batch[at + k] & 0xffL) << (15 - k) * 8;
        }
        if (peerRank > 0) {
          int order = Long.compareUnsigned(lastHigh, high);
          if (order > 0 || order == 0 && Long.compareUnsigned(lastLow, low) >= 0) {
            return false;
          }
        }
        lastHigh = high;
        lastLow = low;
        match(high, low);
        peerRank++;
      }
      return true;
    }

    private void match(long high, long low) {
      long front = (high & ~PLACE) ^ Long.MIN_VALUE;
      while (rank < packed.length && packed[rank] < front) {
        rank++;
      }
      for (int r = rank; r < packed.length && packed[r] <= (front | PLACE); r++) {
        if (compare(place(r), high, low) == 0) {
          places[matches++] = place(r);
          found[peerRank >> 3] |= (byte) (1 << (peerRank & 7));
          return;
        }
      }
    }

    /** The places of the matches in the own bucket, in the order of their tags. */
    int[] places() {
      return Arrays.copyOf(places, matches);
    }

    /** A bit for each of the peer's tags, in its order. */
    byte[] found() {
      return found;
    }
  }
}

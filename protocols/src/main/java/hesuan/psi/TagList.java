package hesuan.psi;

import hesuan.group.Workers;
import hesuan.okvs.BlockHash;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The truncated tags of a bucket's values in ascending order, which says nothing of the order of
 * the items. Tags are spread over parts by their leading bits, and each part, small enough for a
 * core's own cache, is sorted as packed longs: 40 further bits, 24 of position; the few ties by all
 * bits.
 */
public final class TagList {
  private static final VarHandle BIG_LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final int PLACE_BITS = 24;
  private static final long PLACE = (1L << PLACE_BITS) - 1;
  private static final int PART_BITS = 10;
  private static final int PARTS_BITS_MAX = 12;

  private final int bytes;
  private final long[] tags;
  private final int[] places;

  private TagList(int bytes, int count) {
    this.bytes = bytes;
    tags = new long[2 * count];
    places = new int[count];
  }

  /**
   * @param key of the hash that makes values into tags
   */
  public static TagList of(long[] values, byte[] key, int bytes, Workers workers) {
    int count = values.length / 2;
    int partsBits = partsBits(count);
    int parts = 1 << partsBits;
    int slices = workers.count();
    int[][] next = new int[slices][parts];
    long[] unsorted = new long[values.length];
    long lowMask = bytes == 16 ? -1 : bytes == 8 ? 0 : -1L << (16 - bytes) * 8;
    workers.run(
        slice -> {
          int from = part(count, slice, slices);
          int to = part(count, slice + 1, slices);
          BlockHash hash = new BlockHash(key);
          hash.hash(values, from, to - from, unsorted, from);
          hash.wipe();
          for (int i = from; i < to; i++) {
            unsorted[2 * i + 1] &= lowMask;
            next[slice][number(unsorted[2 * i], partsBits)]++;
          }
        });
    int[] start = new int[parts + 1];
    int total = 0;
    for (int part = 0; part < parts; part++) {
      start[part] = total;
      for (int slice = 0; slice < slices; slice++) {
        int own = next[slice][part];
        next[slice][part] = total;
        total += own;
      }
    }
    start[parts] = total;
    TagList list = new TagList(bytes, count);
    workers.run(
        slice -> {
          int to = part(count, slice + 1, slices);
          for (int i = part(count, slice, slices); i < to; i++) {
            int at = next[slice][number(unsorted[2 * i], partsBits)]++;
            list.tags[2 * at] = unsorted[2 * i];
            list.tags[2 * at + 1] = unsorted[2 * i + 1];
            list.places[at] = i;
          }
        });
    workers.split(
        parts,
        (from, to) -> {
          for (int part = from; part < to; part++) {
            list.sort(start[part], start[part + 1], partsBits);
          }
        });
    return list;
  }

  private static int partsBits(int count) {
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(count);
    return Math.clamp(bits - PART_BITS, 0, PARTS_BITS_MAX);
  }

  private static int part(int count, int slice, int slices) {
    return (int) ((long) count * slice / slices);
  }

  private static int number(long high, int partsBits) {
    return (int) (high >>> 1 >>> (Long.SIZE - 1 - partsBits));
  }

  private void sort(int from, int to, int partsBits) {
    int count = to - from;
    long[] packed = new long[count];
    long[] unsorted = Arrays.copyOfRange(tags, 2 * from, 2 * to);
    int[] unsortedPlaces = Arrays.copyOfRange(places, from, to);
    for (int i = 0; i < count; i++) {
      packed[i] = (unsorted[2 * i] << partsBits & ~PLACE | i) ^ Long.MIN_VALUE;
    }
    Arrays.sort(packed);
    for (int i = 0; i < count; i++) {
      int place = (int) (packed[i] & PLACE);
      long high = unsorted[2 * place];
      long low = unsorted[2 * place + 1];
      int at = from + i;
      while (at > from && compare(at - 1, high, low) > 0) {
        tags[2 * at] = tags[2 * at - 2];
        tags[2 * at + 1] = tags[2 * at - 1];
        places[at] = places[at - 1];
        at--;
      }
      tags[2 * at] = high;
      tags[2 * at + 1] = low;
      places[at] = unsortedPlaces[place];
    }
  }

  private int compare(int rank, long high, long low) {
    int first = Long.compareUnsigned(tags[2 * rank], high);
    return first != 0 ? first : Long.compareUnsigned(tags[2 * rank + 1], low);
  }

  public int count() {
    return places.length;
  }

  /** Where in the bucket the tag with that rank stands. */
  public int place(int rank) {
    return places[rank];
  }

  /** The tags of ranks from on, as they travel. */
  public byte[] encoded(int from, int count) {
    byte[] out = new byte[count * bytes];
    for (int i = 0; i < count; i++) {
      int at = i * bytes;
      BIG_LONG.set(out, at, tags[2 * (from + i)]);
      long low = tags[2 * (from + i) + 1];
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
  public final class Merge {
    private final int[] matched;
    private final byte[] found;
    private int rank;
    private int peerRank;
    private int matches;
    private long lastHigh;
    private long lastLow;

    public Merge(int peerCount) {
      matched = new int[Math.min(count(), peerCount)];
      found = new byte[(peerCount + 7) / 8];
    }

    /** False when the peer's tags do not ascend strictly. */
    public boolean take(byte[] batch) {
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
      int order = 1;
      while (rank < places.length && (order = compare(rank, high, low)) < 0) {
        rank++;
      }
      if (order == 0) {
        matched[matches++] = places[rank++];
        found[peerRank >> 3] |= (byte) (1 << (peerRank & 7));
      }
    }

    /** The places of the matches in the own bucket, in the order of their tags. */
    public int[] places() {
      return Arrays.copyOf(matched, matches);
    }

    /** A bit for each of the peer's tags, in its order. */
    byte[] found() {
      return found;
    }
  }
}

package hesuan.okvs;

import hesuan.group.Workers;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A store of 128-bit values under 128-bit keys: keys fall into bins; in its bin a key selects a
 * random half of the cells, and its value is their sum (XOR). Encoding solves one binary system per
 * bin by elimination; cells that the system leaves free are random, so with random values the cells
 * are uniform whatever the keys were.
 *
 * <p>Chosen for a bound with a proof: {@link Shape} makes the load and the rank of every bin fail
 * together with probability below 2^-40, without a fit to experiments. The price is 1.5 cells per
 * key and 0.4 microseconds per decoded key. Immutable; decoding may be shared by threads.
 */
public final class Okvs {
  public static final int KEY_BYTES = 16;
  public static final int SEED_BYTES = 32;
  private static final VarHandle WORD =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final Shape shape;
  private final byte[] seed;
  private final long[] cells;

  private Okvs(Shape shape, byte[] seed, long[] cells) {
    this.shape = shape;
    this.seed = seed;
    this.cells = cells;
  }

  /**
   * The geometry for a number of keys, the same for encoder and decoder.
   *
   * @param loadMax keys in a bin; more has probability below 2^-42 over all bins (Chernoff bound)
   * @param words cells of a bin in 64s; at least 42 + log2(bins) more cells than keys, so that a
   *     random binary matrix lacks full rank with probability below 2^-42 over all bins
   */
  public record Shape(int keys, int bins, int loadMax, int words) {
    public static final int KEYS_MAX = 1 << 24;
    private static final int BIN_KEYS = 512;
    private static final int MARGIN_BITS = 42;

    public static Shape of(int keys) {
      if (keys < 0 || keys > KEYS_MAX) {
        throw new IllegalArgumentException(keys + " keys");
      }
      int bins = Math.max(1, keys / BIN_KEYS);
      int loadMax = BinLoad.max(keys, bins, MARGIN_BITS);
      int binBits = 32 - Integer.numberOfLeadingZeros(bins - 1);
      int cells = loadMax + MARGIN_BITS + binBits;
      return new Shape(keys, bins, loadMax, (cells + 63) / 64);
    }

    /** Longs that hold the cells. */
    public int longs() {
      return Math.multiplyExact(bins * 128, words);
    }
  }

  /**
   * Encodes values[2 i], values[2 i + 1] under the 16 bytes at keys[16 i]. The keys must be
   * distinct and look random (hashes); the seed is drawn here, after the keys are fixed.
   *
   * @throws ProblemException INTERNAL when no encoding exists; it does not say for which key
   */
  public static Okvs encode(
      byte[] keys, int count, long[] values, SecureRandom random, Workers workers) {
    Shape shape = Shape.of(count);
    byte[] seed = new byte[SEED_BYTES];
    random.nextBytes(seed);
    long[] cells = new long[shape.longs()];
    byte[] fill = new byte[cells.length * 8];
    random.nextBytes(fill);
    for (int i = 0; i < cells.length; i++) {
      cells[i] = (long) WORD.get(fill, i * 8);
    }
    int[] start = new int[shape.bins + 1];
    int[] order = byBin(shape, seed, keys, count, start);
    AtomicBoolean failed = new AtomicBoolean();
    workers.split(
        shape.bins,
        (from, to) -> {
          Row row = new Row(shape, seed);
          for (int bin = from; bin < to; bin++) {
            if (!solve(shape, row, keys, values, order, start[bin], start[bin + 1], cells, bin)) {
              failed.set(true);
            }
          }
        });
    if (failed.get()) {
      throw new ProblemException(
          ErrorCode.INTERNAL, "key-value store", "an encoding", "none; try again");
    }
    return new Okvs(shape, seed, cells);
  }

  /** A store as received; the number of cells must be that of the shape. */
  public static Okvs of(int keys, byte[] seed, long[] cells) {
    Shape shape = Shape.of(keys);
    if (seed.length != SEED_BYTES || cells.length != shape.longs()) {
      throw new IllegalArgumentException(cells.length + " longs for " + shape);
    }
    return new Okvs(shape, seed.clone(), cells.clone());
  }

  /** Adds (XOR) the value under each key to out[2 i], out[2 i + 1]. */
  public void addTo(long[] out, byte[] keys, int count, Workers workers) {
    workers.split(
        count,
        (from, to) -> {
          Row row = new Row(shape, seed);
          for (int i = from; i < to; i++) {
            row.of(keys, i * KEY_BYTES);
            int base = row.bin * shape.words * 128;
            long high = 0;
            long low = 0;
            for (int w = 0; w < shape.words; w++) {
              long word = row.words[w];
              for (int bit = 0; bit < 64; bit++) {
                long mask = -(word >>> bit & 1);
                int cell = base + (w * 64 + bit) * 2;
                high ^= mask & cells[cell];
                low ^= mask & cells[cell + 1];
              }
            }
            out[2 * i] ^= high;
            out[2 * i + 1] ^= low;
          }
        });
  }

  public byte[] seed() {
    return seed.clone();
  }

  public int longs() {
    return cells.length;
  }

  public long cell(int index) {
    return cells[index];
  }

  /** Counting sort of the keys by bin; fills the start of each bin. */
  private static int[] byBin(Shape shape, byte[] seed, byte[] keys, int count, int[] start) {
    Row row = new Row(shape, seed);
    int[] bin = new int[count];
    for (int i = 0; i < count; i++) {
      row.of(keys, i * KEY_BYTES);
      bin[i] = row.bin;
      start[row.bin + 1]++;
    }
    for (int b = 0; b < shape.bins; b++) {
      start[b + 1] += start[b];
    }
    int[] next = start.clone();
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      order[next[bin[i]]++] = i;
    }
    return order;
  }

  private static boolean solve(
      Shape shape,
      Row row,
      byte[] keys,
      long[] values,
      int[] order,
      int from,
      int to,
      long[] cells,
      int bin) {
    int load = to - from;
    if (load > shape.loadMax) {
      return false;
    }
    int words = shape.words;
    int width = words + 2;
    long[] matrix = new long[load * width];
    int[] pivot = new int[load];
    for (int r = 0; r < load; r++) {
      int item = order[from + r];
      row.of(keys, item * KEY_BYTES);
      int at = r * width;
      System.arraycopy(row.words, 0, matrix, at, words);
      matrix[at + words] = values[2 * item];
      matrix[at + words + 1] = values[2 * item + 1];
      for (int p = 0; p < r; p++) {
        long mask = -(matrix[at + (pivot[p] >> 6)] >>> pivot[p] & 1);
        if (mask != 0) {
          int other = p * width;
          for (int w = 0; w < width; w++) {
            matrix[at + w] ^= matrix[other + w];
          }
        }
      }
      pivot[r] = firstBit(matrix, at, words);
      if (pivot[r] < 0) {
        return false;
      }
    }
    int base = bin * words * 128;
    for (int r = load - 1; r >= 0; r--) {
      int at = r * width;
      long high = matrix[at + words];
      long low = matrix[at + words + 1];
      for (int w = 0; w < words; w++) {
        long word = matrix[at + w];
        while (word != 0) {
          int column = w * 64 + Long.numberOfTrailingZeros(word);
          word &= word - 1;
          if (column != pivot[r]) {
            high ^= cells[base + 2 * column];
            low ^= cells[base + 2 * column + 1];
          }
        }
      }
      cells[base + 2 * pivot[r]] = high;
      cells[base + 2 * pivot[r] + 1] = low;
    }
    return true;
  }

  private static int firstBit(long[] matrix, int at, int words) {
    for (int w = 0; w < words; w++) {
      if (matrix[at + w] != 0) {
        return w * 64 + Long.numberOfTrailingZeros(matrix[at + w]);
      }
    }
    return -1;
  }

  /** What a key selects, by SHA-512 of seed, key and a counter. One thread's. */
  private static final class Row {
    private static final int HASH_BYTES = 64;

    private final Shape shape;
    private final MessageDigest sha512;
    private final byte[] seed;
    private final byte[] hash = new byte[HASH_BYTES];
    final long[] words;
    int bin;

    Row(Shape shape, byte[] seed) {
      this.shape = shape;
      this.seed = seed;
      this.words = new long[shape.words];
      try {
        sha512 = MessageDigest.getInstance("SHA-512");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every JDK has SHA-512", e);
      }
    }

    void of(byte[] keys, int at) {
      byte counter = 0;
      expand(keys, at, counter);
      long high = Math.unsignedMultiplyHigh((long) WORD.get(hash, 0), shape.bins);
      bin = (int) high;
      int offset = 8;
      for (int w = 0; w < words.length; w++) {
        if (offset == HASH_BYTES) {
          expand(keys, at, ++counter);
          offset = 0;
        }
        words[w] = (long) WORD.get(hash, offset);
        offset += 8;
      }
    }

    private void expand(byte[] keys, int at, byte counter) {
      sha512.update(seed);
      sha512.update(keys, at, KEY_BYTES);
      sha512.update(counter);
      try {
        sha512.digest(hash, 0, HASH_BYTES);
      } catch (DigestException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}

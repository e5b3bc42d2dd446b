package hesuan.okvs;

import hesuan.group.Workers;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The fast store of 128-bit values under 16-byte keys: a key falls into one of many clusters, each
 * small enough for a core's own cache and for 16-bit numbers; there its value is the sum (XOR) of
 * three of the sparse cells and of those of the 64 dense cells that 64 bits of its hash select.
 * Encoding peels: a cell that a single key touches takes that key's value last; the few keys that
 * no peeling reaches are solved for by elimination in the dense cells. Cells that the system leaves
 * free are random, so with random values the cells are uniform whatever the keys were.
 *
 * <p>Blocks are two longs each. Rows, values and results lie in the order of {@link Rows}, cluster
 * by cluster, so that memory is walked once and forward.
 */
public final class ClusteredOkvs {
  public static final int SEED_BYTES = 16;
  private static final int DENSE = 64;
  private static final int TABLE_BYTES = DENSE / 8;
  private static final int DEGREE_ONE = 1 << 16;
  private static final int ROW = DEGREE_ONE - 1;

  private ClusteredOkvs() {}

  /**
   * The geometry for a number of keys, the same for encoder and decoder.
   *
   * @param loadMax keys in a cluster; more has probability below 2^-42 over all clusters
   * @param sparse sparse cells of a cluster; peeling leaves more than the dense cells can take with
   *     probability below 2^-42 over all clusters
   */
  public record Shape(int keys, int clusters, int loadMax, int sparse) {
    public static final int KEYS_MAX = 1 << 23;
    static final int CLUSTER_BITS = 14;
    static final int MARGIN_BITS = 42;

    /** Added to the bits of the fit, which is extrapolated from some 25 bits. */
    static final int FIT_MARGIN_BITS = 16;

    public static Shape of(int keys) {
      if (keys < 0 || keys > KEYS_MAX) {
        throw new IllegalArgumentException(keys + " keys");
      }
      int clusters = Math.max(1, keys >> CLUSTER_BITS);
      int loadMax = BinLoad.max(keys, clusters, MARGIN_BITS);
      double bits = MARGIN_BITS + FIT_MARGIN_BITS + Math.ceil(StrictMath.log(clusters) / LOG_2);
      int fitted = (int) Math.ceil(loadMax * expansion(Math.max(2, loadMax), bits));
      int small = Math.min(3 * loadMax, 6144) + 512;
      return new Shape(keys, clusters, loadMax, Math.max(fitted, small));
    }

    private static final double LOG_2 = StrictMath.log(2);

    /** Cells per key with which peeling fails with probability 2^-bits: the fit of RR22, w = 3. */
    private static double expansion(int keys, double bits) {
      double weight = StrictMath.log(3) / LOG_2;
      double slope =
          0.55 * StrictMath.log(keys) / LOG_2
              + 0.093 * weight * weight * weight
              - 1.01 * weight * weight
              + 2.92 * weight
              - 0.13;
      return 1.223 + (bits + 9.2) / StrictMath.pow(2, slope);
    }

    int clusterCells() {
      return sparse + DENSE;
    }

    /** Cells of the whole store. */
    public int cells() {
      return Math.multiplyExact(clusters, clusterCells());
    }
  }

  /** What keys select under a seed, sorted by cluster. Immutable. */
  public static final class Rows {
    private final Shape shape;
    private final int[] start;
    private final int[] places;
    private final short[] columns;
    private final long[] dense;
    private final long[] hashes;

    private Rows(Shape shape, int count) {
      this.shape = shape;
      start = new int[shape.clusters + 1];
      places = new int[count];
      columns = new short[3 * count];
      dense = new long[count];
      hashes = new long[2 * count];
    }

    /** Keys may be more or fewer than those of the shape: a decoder has its own. */
    public static Rows of(Shape shape, byte[] seed, long[] keys, Workers workers) {
      int count = keys.length / 2;
      Rows rows = new Rows(shape, count);
      byte[] rowKey = key(seed, "row");
      byte[] valueKey = key(seed, "value");
      int slices = workers.count();
      int[][] next = new int[slices][shape.clusters];
      workers.run(
          slice ->
              rows.countClusters(
                  rowKey,
                  keys,
                  part(count, slice, slices),
                  part(count, slice + 1, slices),
                  next[slice]));
      int total = 0;
      for (int cluster = 0; cluster < shape.clusters; cluster++) {
        rows.start[cluster] = total;
        for (int slice = 0; slice < slices; slice++) {
          int own = next[slice][cluster];
          next[slice][cluster] = total;
          total += own;
        }
      }
      rows.start[shape.clusters] = total;
      workers.run(
          slice ->
              rows.fill(
                  rowKey,
                  valueKey,
                  keys,
                  part(count, slice, slices),
                  part(count, slice + 1, slices),
                  next[slice]));
      return rows;
    }

    private static int part(int count, int slice, int slices) {
      return (int) ((long) count * slice / slices);
    }

    private static byte[] key(byte[] seed, String kind) {
      MessageDigest sha256 = hesuan.wire.Digest.sha256();
      sha256.update(("hesuan/okvs/2/" + kind + "/").getBytes(StandardCharsets.US_ASCII));
      return Arrays.copyOf(sha256.digest(seed), BlockHash.KEY_BYTES);
    }

    private void countClusters(byte[] rowKey, long[] keys, int from, int to, int[] counts) {
      if (shape.clusters == 1) {
        counts[0] = to - from;
        return;
      }
      BlockHash hash = new BlockHash(rowKey);
      long[] piece = new long[2 * BlockHash.PIECE];
      for (int at = from; at < to; at += BlockHash.PIECE) {
        int count = Math.min(BlockHash.PIECE, to - at);
        hash.hash(keys, at, count, piece, 0);
        for (int i = 0; i < count; i++) {
          counts[(int) Math.unsignedMultiplyHigh(piece[2 * i + 1], shape.clusters)]++;
        }
      }
    }

    private void fill(byte[] rowKey, byte[] valueKey, long[] keys, int from, int to, int[] next) {
      BlockHash rowHash = new BlockHash(rowKey);
      BlockHash valueHash = new BlockHash(valueKey);
      long[] piece = new long[2 * BlockHash.PIECE];
      long[] values = new long[2 * BlockHash.PIECE];
      int sparse = shape.sparse;
      for (int at = from; at < to; at += BlockHash.PIECE) {
        int count = Math.min(BlockHash.PIECE, to - at);
        rowHash.hash(keys, at, count, piece, 0);
        valueHash.hash(keys, at, count, values, 0);
        for (int i = 0; i < count; i++) {
          // One 64-bit number gives cluster and columns in turn: what a range leaves over makes
          // the next draw. Under 2^54 outcomes, so none is off by more than one part in 1000.
          long draw = piece[2 * i + 1];
          int row = next[(int) Math.unsignedMultiplyHigh(draw, shape.clusters)]++;
          draw *= shape.clusters;
          int a = (int) Math.unsignedMultiplyHigh(draw, sparse);
          draw *= sparse;
          int b = (int) Math.unsignedMultiplyHigh(draw, sparse - 1);
          draw *= sparse - 1;
          int c = (int) Math.unsignedMultiplyHigh(draw, sparse - 2);
          b += b >= a ? 1 : 0;
          c += c >= Math.min(a, b) ? 1 : 0;
          c += c >= Math.max(a, b) ? 1 : 0;
          columns[3 * row] = (short) a;
          columns[3 * row + 1] = (short) b;
          columns[3 * row + 2] = (short) c;
          dense[row] = piece[2 * i];
          places[row] = at + i;
          hashes[2 * row] = values[2 * i];
          hashes[2 * row + 1] = values[2 * i + 1];
        }
      }
    }

    public int count() {
      return places.length;
    }

    /** Which key each row is of. Not copied: not to be changed. */
    public int[] places() {
      return places;
    }

    /** A second hash of each key under the seed, two longs a row. Not copied. */
    public long[] hashes() {
      return hashes;
    }

    private int column(int row, int which) {
      return columns[3 * row + which] & 0xffff;
    }
  }

  /**
   * Cells under which every row gives its value. There may be fewer rows than the shape has keys:
   * more cells are free then, and as random as the others.
   *
   * @throws ProblemException INTERNAL when no encoding exists, which happens with probability below
   *     2^-40 unless a key is repeated; it does not say for which key
   */
  public static long[] encode(Rows rows, long[] values, SecureRandom random, Workers workers) {
    Shape shape = rows.shape;
    if (rows.count() > shape.keys || values.length != 2 * rows.count()) {
      throw new IllegalArgumentException(rows.count() + " rows for " + shape);
    }
    long[] cells = new long[2 * shape.cells()];
    byte[] seed = new byte[BlockHash.KEY_BYTES];
    random.nextBytes(seed);
    AtomicBoolean failed = new AtomicBoolean();
    workers.split(
        shape.clusters,
        (from, to) -> {
          Peeler peeler = new Peeler(rows, values, cells, seed);
          for (int cluster = from; cluster < to; cluster++) {
            if (!peeler.solve(cluster)) {
              failed.set(true);
            }
          }
        });
    if (failed.get()) {
      throw new ProblemException(
          ErrorCode.INTERNAL, "key-value store", "an encoding", "none; try again");
    }
    return cells;
  }

  /** Adds (XOR) what the cells give for each row to out. */
  public static void decode(Rows rows, long[] cells, long[] out, Workers workers) {
    Shape shape = rows.shape;
    if (cells.length != 2 * shape.cells() || out.length != 2 * rows.count()) {
      throw new IllegalArgumentException(cells.length + " longs for " + shape);
    }
    workers.split(
        shape.clusters,
        (from, to) -> {
          long[] table = new long[TABLE_BYTES * 256 * 2];
          for (int cluster = from; cluster < to; cluster++) {
            int base = cluster * shape.clusterCells();
            table(cells, base + shape.sparse, table);
            decode(rows, cells, base, table, rows.start[cluster], rows.start[cluster + 1], out);
          }
        });
  }

  private static void decode(
      Rows rows, long[] cells, int base, long[] table, int from, int to, long[] out) {
    short[] columns = rows.columns;
    long[] dense = rows.dense;
    for (int row = from; row < to; row++) {
      int a = 2 * (base + (columns[3 * row] & 0xffff));
      int b = 2 * (base + (columns[3 * row + 1] & 0xffff));
      int c = 2 * (base + (columns[3 * row + 2] & 0xffff));
      long low = cells[a] ^ cells[b] ^ cells[c];
      long high = cells[a + 1] ^ cells[b + 1] ^ cells[c + 1];
      long bits = dense[row];
      for (int k = 0; k < TABLE_BYTES; k++) {
        int entry = k << 9 | (int) (bits >>> 8 * k & 0xff) << 1;
        low ^= table[entry];
        high ^= table[entry + 1];
      }
      out[2 * row] ^= low;
      out[2 * row + 1] ^= high;
    }
  }

  /** What {@link #decode} gives for one row, cell by cell: its scalar twin for tests. */
  static long[] valueOneByOne(Rows rows, long[] cells, int row) {
    Shape shape = rows.shape;
    int cluster = 0;
    while (rows.start[cluster + 1] <= row) {
      cluster++;
    }
    int base = cluster * shape.clusterCells();
    long[] sum = new long[2];
    for (int which = 0; which < 3; which++) {
      add(sum, cells, base + rows.column(row, which));
    }
    for (int bit = 0; bit < DENSE; bit++) {
      if ((rows.dense[row] >>> bit & 1) != 0) {
        add(sum, cells, base + shape.sparse + bit);
      }
    }
    return sum;
  }

  private static void add(long[] sum, long[] cells, int cell) {
    sum[0] ^= cells[2 * cell];
    sum[1] ^= cells[2 * cell + 1];
  }

  /** How many rows of a cluster no peeling reaches, whatever goes to the dense cells. */
  static int coreRows(Rows rows, int cluster) {
    Peeler peeler = new Peeler(rows, new long[0], new long[0], new byte[SEED_BYTES]);
    int first = rows.start[cluster];
    int count = rows.start[cluster + 1] - first;
    peeler.touch(first, count);
    return count - peeler.peel(first, 0, peeler.untouchedByOthers());
  }

  /** For each byte of the dense bits and each value of it, the sum of the cells it selects. */
  private static void table(long[] cells, int dense, long[] table) {
    for (int k = 0; k < TABLE_BYTES; k++) {
      int base = k << 9;
      table[base] = 0;
      table[base + 1] = 0;
      for (int bit = 0; bit < 8; bit++) {
        int cell = 2 * (dense + 8 * k + bit);
        int half = 2 << bit;
        for (int i = 0; i < half; i += 2) {
          table[base + half + i] = table[base + i] ^ cells[cell];
          table[base + half + i + 1] = table[base + i + 1] ^ cells[cell + 1];
        }
      }
    }
  }

  /** Solves clusters one after the other. One thread's. */
  private static final class Peeler {
    private final Rows rows;
    private final Shape shape;
    private final long[] values;
    private final long[] cells;
    private final RandomBlocks random;

    /** For each sparse cell the number of rows that touch it, above the sum (XOR) of them. */
    private final int[] touched;

    private final int[] stack;
    private final boolean[] taken;

    /** In the order of peeling: the row, and above it the cell that it alone touched. */
    private final long[] peeled;

    private final long[] table = new long[TABLE_BYTES * 256 * 2];

    Peeler(Rows rows, long[] values, long[] cells, byte[] seed) {
      this.rows = rows;
      this.shape = rows.shape;
      this.values = values;
      this.cells = cells;
      this.random = new RandomBlocks(seed);
      touched = new int[shape.sparse];
      stack = new int[shape.sparse];
      taken = new boolean[shape.loadMax];
      peeled = new long[shape.loadMax];
    }

    boolean solve(int cluster) {
      int first = rows.start[cluster];
      int count = rows.start[cluster + 1] - first;
      if (count > shape.loadMax) {
        return false;
      }
      int base = cluster * shape.clusterCells();
      random.fill(cells, base, shape.clusterCells());
      touch(first, count);
      Arrays.fill(taken, 0, count, false);
      int waiting = untouchedByOthers();
      Gap gap = new Gap();
      int done = 0;
      int next = 0;
      while (true) {
        done = peel(first, done, waiting);
        while (next < count && taken[next]) {
          next++;
        }
        if (next == count) {
          break;
        }
        // A core that peeling does not reach: one of its rows goes to the dense cells.
        if (!gap.add(next, done)) {
          return false;
        }
        waiting = take(first, next, 0);
      }
      if (!gap.solve(first, base, done)) {
        return false;
      }
      table(cells, base + shape.sparse, table);
      substitute(first, base, done);
      return true;
    }

    private void touch(int first, int count) {
      Arrays.fill(touched, 0);
      for (int row = 0; row < count; row++) {
        for (int which = 0; which < 3; which++) {
          int cell = rows.column(first + row, which);
          touched[cell] = (touched[cell] + DEGREE_ONE) ^ row;
        }
      }
    }

    /** Puts the cells that a single row touches on the stack. */
    private int untouchedByOthers() {
      int waiting = 0;
      for (int cell = 0; cell < shape.sparse; cell++) {
        if (touched[cell] >>> 16 == 1) {
          stack[waiting++] = cell;
        }
      }
      return waiting;
    }

    /** Peels until the stack is empty; returns how many rows are then peeled. */
    private int peel(int first, int before, int onStack) {
      int done = before;
      int waiting = onStack;
      while (waiting > 0) {
        int cell = stack[--waiting];
        if (touched[cell] >>> 16 == 1) {
          int row = touched[cell] & ROW;
          peeled[done++] = (long) cell << 32 | row;
          waiting = take(first, row, waiting);
        }
      }
      return done;
    }

    private int take(int first, int row, int waiting) {
      taken[row] = true;
      int top = waiting;
      for (int which = 0; which < 3; which++) {
        int cell = rows.column(first + row, which);
        touched[cell] = (touched[cell] - DEGREE_ONE) ^ row;
        if (touched[cell] >>> 16 == 1) {
          stack[top++] = cell;
        }
      }
      return top;
    }

    /** Last peeled first: the row's own cell takes what its other cells leave of its value. */
    private void substitute(int first, int base, int done) {
      short[] columns = rows.columns;
      for (int i = done - 1; i >= 0; i--) {
        int row = first + (int) peeled[i];
        int own = 2 * (base + (int) (peeled[i] >>> 32));
        int a = 2 * (base + (columns[3 * row] & 0xffff));
        int b = 2 * (base + (columns[3 * row + 1] & 0xffff));
        int c = 2 * (base + (columns[3 * row + 2] & 0xffff));
        long low = values[2 * row] ^ cells[a] ^ cells[b] ^ cells[c] ^ cells[own];
        long high = values[2 * row + 1] ^ cells[a + 1] ^ cells[b + 1] ^ cells[c + 1];
        high ^= cells[own + 1];
        long bits = rows.dense[row];
        for (int k = 0; k < TABLE_BYTES; k++) {
          int entry = k << 9 | (int) (bits >>> 8 * k & 0xff) << 1;
          low ^= table[entry];
          high ^= table[entry + 1];
        }
        cells[own] = low;
        cells[own + 1] = high;
      }
    }

    /** The rows of a cluster that peeling did not reach; mostly none. */
    private final class Gap {
      private final int[] row = new int[DENSE];
      private final int[] since = new int[DENSE];
      private int count;

      boolean add(int newRow, int done) {
        if (count == DENSE) {
          return false;
        }
        row[count] = newRow;
        since[count++] = done;
        return true;
      }

      /** Eliminates the peeled cells from these rows, then solves for dense cells. */
      boolean solve(int first, int base, int done) {
        int[] pivot = new int[count];
        long[] bits = new long[count];
        long[] low = new long[count];
        long[] high = new long[count];
        for (int g = 0; g < count; g++) {
          boolean[] selected = new boolean[shape.sparse];
          int own = first + row[g];
          flip(selected, own);
          bits[g] = rows.dense[own];
          low[g] = values[2 * own];
          high[g] = values[2 * own + 1];
          for (int i = since[g]; i < done; i++) {
            if (selected[(int) (peeled[i] >>> 32)]) {
              int other = first + (int) peeled[i];
              flip(selected, other);
              bits[g] ^= rows.dense[other];
              low[g] ^= values[2 * other];
              high[g] ^= values[2 * other + 1];
            }
          }
          for (int cell = 0; cell < shape.sparse; cell++) {
            if (selected[cell]) {
              low[g] ^= cells[2 * (base + cell)];
              high[g] ^= cells[2 * (base + cell) + 1];
            }
          }
          for (int p = 0; p < g; p++) {
            if ((bits[g] >>> pivot[p] & 1) != 0) {
              bits[g] ^= bits[p];
              low[g] ^= low[p];
              high[g] ^= high[p];
            }
          }
          if (bits[g] == 0) {
            return false;
          }
          pivot[g] = Long.numberOfTrailingZeros(bits[g]);
        }
        for (int g = count - 1; g >= 0; g--) {
          int own = 2 * (base + shape.sparse + pivot[g]);
          cells[own] = 0;
          cells[own + 1] = 0;
          for (long rest = bits[g]; rest != 0; rest &= rest - 1) {
            int cell = 2 * (base + shape.sparse + Long.numberOfTrailingZeros(rest));
            low[g] ^= cells[cell];
            high[g] ^= cells[cell + 1];
          }
          cells[own] = low[g];
          cells[own + 1] = high[g];
        }
        return true;
      }

      private void flip(boolean[] selected, int of) {
        for (int which = 0; which < 3; which++) {
          selected[rows.column(of, which)] ^= true;
        }
      }
    }
  }
}

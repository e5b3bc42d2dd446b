package hesuan.agent.query;

import hesuan.source.LongTable;
import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Of each person at most {@code maxRows} rows in a group and {@code maxGroups} groups, chosen by an
 * order that is secret and made of the values alone: it can't be steered, and does not depend on
 * how the rows lie. What counts among some rows and those that counted among others is what counts
 * among all: so rows can be bounded as they come, and one person's many rows never fill the memory.
 */
final class Bounding {
  /** A person, a group and a row are packed in one positive long, to be sorted as one. */
  private static final int PACKED_BITS = 63;

  private static final int ROW_BITS_MAX = 22;

  interface RowConsumer {
    void accept(int row, int group);
  }

  interface RunConsumer {
    void accept(int[] rows, int from, int to);
  }

  private final int maxGroups;
  private final int maxRows;
  private final long secret;
  private final int groupBits;
  private final int rowBits;

  /**
   * @param groups how many there may be
   */
  Bounding(int maxGroups, int maxRows, long secret, long groups) {
    this.maxGroups = maxGroups;
    this.maxRows = maxRows;
    this.secret = secret;
    this.groupBits = Long.SIZE - Long.numberOfLeadingZeros(groups);
    this.rowBits = Math.min(ROW_BITS_MAX, (PACKED_BITS - groupBits) / 2);
  }

  /** Rows that are bounded at a time. */
  int rowsMax() {
    return 1 << rowBits;
  }

  /** Runs of rows of one person in one group, those that count first in each. */
  static final class Kept {
    private int[] rows = new int[0];
    private int[] groups = new int[1024];
    private int[] from = new int[1024];
    private int[] to = new int[1024];
    private int pairs;

    private void add(int group, int start, int end) {
      if (pairs == groups.length) {
        groups = Arrays.copyOf(groups, 2 * pairs);
        from = Arrays.copyOf(from, 2 * pairs);
        to = Arrays.copyOf(to, 2 * pairs);
      }
      groups[pairs] = group;
      from[pairs] = start;
      to[pairs++] = end;
    }

    /**
     * The same with groups numbered anew.
     *
     * @param places of each group its new number, or -1: it is left out
     */
    Kept in(int[] places) {
      Kept kept = new Kept();
      kept.rows = rows;
      for (int p = 0; p < pairs; p++) {
        if (places[groups[p]] >= 0) {
          kept.add(places[groups[p]], from[p], to[p]);
        }
      }
      return kept;
    }

    /** All rows that count, ascending. */
    int[] rows() {
      IntStream.Builder all = IntStream.builder();
      forEachRow((row, _) -> all.add(row));
      return all.build().sorted().toArray();
    }

    /** The rows of one person in one group, as places in a list of them. */
    void forEachRun(RunConsumer consumer) {
      for (int p = 0; p < pairs; p++) {
        consumer.accept(rows, from[p], to[p]);
      }
    }

    void forEachPair(IntConsumer consumer) {
      for (int p = 0; p < pairs; p++) {
        consumer.accept(groups[p]);
      }
    }

    void forEachRow(RowConsumer consumer) {
      for (int p = 0; p < pairs; p++) {
        for (int i = from[p]; i < to[p]; i++) {
          consumer.accept(rows[i], groups[p]);
        }
      }
    }
  }

  /**
   * @param table unit, group, values
   */
  Kept kept(LongTable table) {
    return kept(table, 1);
  }

  /**
   * @param table unit, a mark of the group that other rows have no part in, values, and the number
   *     of the group
   */
  Kept keptByMark(LongTable table) {
    return kept(table, table.width() - 1);
  }

  private Kept kept(LongTable table, int groupColumn) {
    int count = table.rows();
    long[] units = table.column(0);
    long[] groups = table.column(groupColumn);
    long[] order = new long[count];
    Numbers numbers = new Numbers(count);
    for (int row = 0; row < count; row++) {
      order[row] =
          ((long) numbers.of(units[row]) << (groupBits + rowBits)) | (groups[row] << rowBits) | row;
    }
    Arrays.sort(order);
    Kept kept = new Kept();
    kept.rows = new int[count];
    // A number of a group is no part of the order: other people's groups would move it.
    int width = groupColumn == 1 ? table.width() : groupColumn;
    int start = 0;
    while (start < count) {
      long person = order[start] >>> (groupBits + rowBits);
      int end = start;
      while (end < count && order[end] >>> (groupBits + rowBits) == person) {
        end++;
      }
      keep(table, width, order, start, end, kept);
      start = end;
    }
    return kept;
  }

  private void keep(LongTable table, int width, long[] order, int start, int end, Kept kept) {
    int firstPair = kept.pairs;
    int at = start;
    while (at < end) {
      int group = group(order[at]);
      int next = at;
      while (next < end && group(order[next]) == group) {
        kept.rows[next] = (int) (order[next] & ((1 << rowBits) - 1));
        next++;
      }
      if (next - at > maxRows) {
        chooseRows(table, width, kept.rows, at, next);
      }
      kept.add(group, at, Math.min(next, at + maxRows));
      at = next;
    }
    int pairs = kept.pairs - firstPair;
    if (pairs > maxGroups) {
      chooseGroups(table, kept, firstPair, pairs);
    }
  }

  private int group(long packed) {
    return (int) (packed >>> rowBits) & (int) ((1L << groupBits) - 1);
  }

  /** Moves the chosen rows to the front. */
  private void chooseRows(LongTable table, int width, int[] rows, int from, int to) {
    Integer[] some = new Integer[to - from];
    for (int i = 0; i < some.length; i++) {
      some[i] = rows[from + i];
    }
    Arrays.sort(
        some,
        (one, other) -> {
          int by = Long.compare(mark(table, width, one), mark(table, width, other));
          for (int c = 2; by == 0 && c < width; c++) {
            by = Long.compare(table.column(c)[one], table.column(c)[other]);
          }
          return by;
        });
    for (int i = 0; i < some.length; i++) {
      rows[from + i] = some[i];
    }
  }

  private long mark(LongTable table, int width, int row) {
    long mark = secret;
    for (int c = 0; c < width; c++) {
      mark = mixed(mark ^ table.column(c)[row]);
    }
    return mark;
  }

  private void chooseGroups(LongTable table, Kept kept, int first, int pairs) {
    long[][] marks = new long[pairs][];
    for (int p = 0; p < pairs; p++) {
      int group = kept.groups[first + p];
      int row = kept.rows[kept.from[first + p]];
      long unit = table.column(0)[row];
      marks[p] =
          new long[] {
            mixed(mixed(secret ^ unit) ^ table.column(1)[row]),
            group,
            kept.from[first + p],
            kept.to[first + p]
          };
    }
    Arrays.sort(
        marks,
        (one, other) ->
            one[0] != other[0] ? Long.compare(one[0], other[0]) : Long.compare(one[1], other[1]));
    kept.pairs = first;
    for (int p = 0; p < maxGroups; p++) {
      kept.add((int) marks[p][1], (int) marks[p][2], (int) marks[p][3]);
    }
  }

  /** A permutation of all longs in which every bit decides about every other (splitmix64). */
  private static long mixed(long x) {
    long z = x + 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  /** People in the order in which they are met, by open addressing. */
  private static final class Numbers {
    private final long[] units;
    private final int[] numbers;
    private final int mask;
    private int next;

    Numbers(int count) {
      int size = Integer.highestOneBit(Math.max(16, 2 * count - 1)) * 2;
      units = new long[size];
      numbers = new int[size];
      Arrays.fill(numbers, -1);
      mask = size - 1;
    }

    int of(long unit) {
      int slot = (int) mixed(unit) & mask;
      while (numbers[slot] >= 0 && units[slot] != unit) {
        slot = (slot + 1) & mask;
      }
      if (numbers[slot] < 0) {
        units[slot] = unit;
        numbers[slot] = next++;
      }
      return numbers[slot];
    }
  }
}

package hesuan.agent.query;

import hesuan.source.LongTable;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * Of each person at most {@code maxRows} rows in a group and {@code maxGroups} groups, chosen by an
 * order that is secret and made of the values alone: it can't be steered, and does not depend on
 * how the rows lie.
 */
final class Bounding {
  /** A person, a group and a row are packed in one long, to be sorted as one. */
  static final int ROW_BITS = 22;

  private static final int GROUP_BITS = 17;
  private static final int ROW_MASK = (1 << ROW_BITS) - 1;
  private static final int GROUP_MASK = (1 << GROUP_BITS) - 1;

  interface RowConsumer {
    void accept(int row, int group);
  }

  private final int maxGroups;
  private final int maxRows;
  private final long secret;

  Bounding(int maxGroups, int maxRows, long secret) {
    this.maxGroups = maxGroups;
    this.maxRows = maxRows;
    this.secret = secret;
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
    int count = table.rows();
    long[] units = table.column(0);
    long[] groups = table.column(1);
    long[] order = new long[count];
    Numbers numbers = new Numbers(count);
    for (int row = 0; row < count; row++) {
      order[row] =
          ((long) numbers.of(units[row]) << (GROUP_BITS + ROW_BITS))
              | (groups[row] << ROW_BITS)
              | row;
    }
    Arrays.sort(order);
    Kept kept = new Kept();
    kept.rows = new int[count];
    int start = 0;
    while (start < count) {
      long person = order[start] >>> (GROUP_BITS + ROW_BITS);
      int end = start;
      while (end < count && order[end] >>> (GROUP_BITS + ROW_BITS) == person) {
        end++;
      }
      keep(table, order, start, end, kept);
      start = end;
    }
    return kept;
  }

  private void keep(LongTable table, long[] order, int start, int end, Kept kept) {
    int firstPair = kept.pairs;
    int at = start;
    while (at < end) {
      int group = group(order[at]);
      int next = at;
      while (next < end && group(order[next]) == group) {
        kept.rows[next] = (int) (order[next] & ROW_MASK);
        next++;
      }
      if (next - at > maxRows) {
        chooseRows(table, kept.rows, at, next);
      }
      kept.add(group, at, Math.min(next, at + maxRows));
      at = next;
    }
    int pairs = kept.pairs - firstPair;
    if (pairs > maxGroups) {
      chooseGroups(table.column(0)[kept.rows[start]], kept, firstPair, pairs);
    }
  }

  private static int group(long packed) {
    return (int) (packed >>> ROW_BITS) & GROUP_MASK;
  }

  /** Moves the chosen rows to the front. */
  private void chooseRows(LongTable table, int[] rows, int from, int to) {
    Integer[] some = new Integer[to - from];
    for (int i = 0; i < some.length; i++) {
      some[i] = rows[from + i];
    }
    int width = table.width();
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

  private void chooseGroups(long unit, Kept kept, int first, int pairs) {
    long[][] marks = new long[pairs][];
    for (int p = 0; p < pairs; p++) {
      int group = kept.groups[first + p];
      marks[p] =
          new long[] {
            mixed(mixed(secret ^ unit) ^ group), group, kept.from[first + p], kept.to[first + p]
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

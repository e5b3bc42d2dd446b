package hesuan.agent.lookup;

import java.util.Arrays;

/** Blocks of two longs that look random, to ask which are in it. */
final class BlockSet {
  private final long[] slots;
  private final int mask;
  private boolean hasZero;

  BlockSet(long[] blocks) {
    int items = Math.max(1, blocks.length / 2);
    int places = Integer.highestOneBit(2 * items - 1) << 1;
    slots = new long[2 * places];
    mask = places - 1;
    for (int i = 0; i < blocks.length; i += 2) {
      add(blocks[i], blocks[i + 1]);
    }
  }

  private void add(long first, long second) {
    if (first == 0 && second == 0) {
      hasZero = true;
      return;
    }
    int at = place(first, second);
    slots[at] = first;
    slots[at + 1] = second;
  }

  /** Where the block is, or the free place at which it would be. */
  private int place(long first, long second) {
    int at = (int) first & mask;
    while ((slots[2 * at] != 0 || slots[2 * at + 1] != 0)
        && (slots[2 * at] != first || slots[2 * at + 1] != second)) {
      at = at + 1 & mask;
    }
    return 2 * at;
  }

  boolean contains(long first, long second) {
    if (first == 0 && second == 0) {
      return hasZero;
    }
    int at = place(first, second);
    return slots[at] != 0 || slots[at + 1] != 0;
  }

  /** Those of the blocks that are not in this set. */
  long[] lacking(long[] blocks) {
    long[] lacking = new long[16];
    int used = 0;
    for (int i = 0; i < blocks.length; i += 2) {
      if (!contains(blocks[i], blocks[i + 1])) {
        if (used == lacking.length) {
          lacking = Arrays.copyOf(lacking, 2 * used);
        }
        lacking[used++] = blocks[i];
        lacking[used++] = blocks[i + 1];
      }
    }
    return Arrays.copyOf(lacking, used);
  }
}

package hesuan.source;

import hesuan.ids.IdQuality;
import hesuan.psi.ItemBlocks;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.util.Arrays;

/**
 * Distinct normalised ids in one byte array: id {@code i} stands from {@code offset(i)} to {@code
 * offset(i + 1)}. No object per person. Personal data: it is wiped when closed, and goes nowhere
 * but into a protocol's hash.
 */
public final class IdSet implements AutoCloseable {
  /** The group of a person who is in none that was asked for. */
  public static final int NO_GROUP = -1;

  private final byte[] arena;
  private final int[] offsets;
  private final int[] groups;
  private final int size;
  private final IdQuality quality;
  private final long severalGroups;

  private IdSet(Builder built) {
    arena = Arrays.copyOf(built.arena, built.offsets[built.size]);
    Arrays.fill(built.arena, (byte) 0);
    offsets = Arrays.copyOf(built.offsets, built.size + 1);
    groups = Arrays.copyOf(built.groups, built.size);
    size = built.size;
    quality = new IdQuality(built.rows, built.empty, built.malformed, built.duplicates, built.size);
    severalGroups = built.severalGroups;
  }

  public int size() {
    return size;
  }

  /** What intersections of one session compare, in the order of the ids. */
  public long[] blocks(Digest session) {
    ItemBlocks blocks = new ItemBlocks(session);
    for (int i = 0; i < size(); i++) {
      blocks.add(arena, offset(i), length(i));
    }
    return blocks.toArray();
  }

  /** All ids, one behind the other; the set's own array, not to be written. */
  public byte[] arena() {
    return arena;
  }

  /** From 0 to {@code size()} inclusive. */
  public int offset(int i) {
    return offsets[i];
  }

  public int length(int i) {
    return offsets[i + 1] - offsets[i];
  }

  public byte[] copy(int i) {
    return Arrays.copyOfRange(arena, offsets[i], offsets[i + 1]);
  }

  /**
   * The place of the person's group in the list that was asked for, or {@link #NO_GROUP}. A person
   * whose rows name several groups counts in the one that stands first in that list, whatever the
   * order of the rows.
   */
  public int group(int i) {
    return groups[i];
  }

  public IdQuality quality() {
    return quality;
  }

  /** People whose rows name more than one of the groups asked for. */
  public long severalGroups() {
    return severalGroups;
  }

  @Override
  public void close() {
    Arrays.fill(arena, (byte) 0);
  }

  @Override
  public String toString() {
    return "IdSet[" + size + " ids]";
  }

  /** Open addressing over the arena itself: a slot holds the number of an id plus one. */
  static final class Builder {
    private static final int SLOTS_MAX = 1 << 30;

    private byte[] arena = new byte[1 << 14];
    private int[] offsets = new int[1 << 10];
    private int[] groups = new int[1 << 10];
    private boolean[] several = new boolean[1 << 10];
    private int[] slots = new int[1 << 11];
    private int size;
    private long rows;
    private long empty;
    private long malformed;
    private long duplicates;
    private long severalGroups;

    void addEmpty() {
      rows++;
      empty++;
    }

    void addMalformed() {
      rows++;
      malformed++;
    }

    /** The number of the id, new or met again. */
    int add(byte[] id, int length, int group) {
      rows++;
      int slot = find(id, length);
      if (slots[slot] == 0) {
        append(id, length, group);
        slots[slot] = size;
        if (2 * size > slots.length) {
          growSlots();
        }
        return size - 1;
      }
      int known = slots[slot] - 1;
      duplicates++;
      meet(known, group);
      return known;
    }

    IdSet build() {
      return new IdSet(this);
    }

    private void meet(int i, int group) {
      if (group == NO_GROUP || group == groups[i]) {
        return;
      }
      if (groups[i] != NO_GROUP && !several[i]) {
        several[i] = true;
        severalGroups++;
      }
      groups[i] = groups[i] == NO_GROUP ? group : Math.min(groups[i], group);
    }

    private int find(byte[] id, int length) {
      int mask = slots.length - 1;
      int slot = hash(id, 0, length) & mask;
      while (slots[slot] != 0) {
        int i = slots[slot] - 1;
        if (Arrays.equals(arena, offsets[i], offsets[i + 1], id, 0, length)) {
          break;
        }
        slot = (slot + 1) & mask;
      }
      return slot;
    }

    private void append(byte[] id, int length, int group) {
      int start = offsets[size];
      if (start > Integer.MAX_VALUE - 16 - length || size >= SLOTS_MAX / 2) {
        throw new ProblemException(
            ErrorCode.LIMIT_EXCEEDED, "id column", "ids of at most 2 GB in all", "more");
      }
      if (start + length > arena.length) {
        byte[] wider = Arrays.copyOf(arena, grown(arena.length, start + length));
        Arrays.fill(arena, (byte) 0);
        arena = wider;
      }
      if (size + 2 > offsets.length) {
        offsets = Arrays.copyOf(offsets, grown(offsets.length, size + 2));
        groups = Arrays.copyOf(groups, offsets.length);
        several = Arrays.copyOf(several, offsets.length);
      }
      System.arraycopy(id, 0, arena, start, length);
      groups[size] = group;
      offsets[++size] = start + length;
    }

    private void growSlots() {
      int[] wider = new int[slots.length * 2];
      int mask = wider.length - 1;
      for (int i = 0; i < size; i++) {
        int slot = hash(arena, offsets[i], offsets[i + 1]) & mask;
        while (wider[slot] != 0) {
          slot = (slot + 1) & mask;
        }
        wider[slot] = i + 1;
      }
      slots = wider;
    }

    private static int grown(int length, int needed) {
      return (int) Math.min(Integer.MAX_VALUE - 16, Math.max(needed, length + (long) length / 2));
    }

    /** FNV-1a and a finaliser: the ids are the party's own, so nobody gains by colliding them. */
    private static int hash(byte[] bytes, int from, int to) {
      long h = 0xcbf29ce484222325L;
      for (int i = from; i < to; i++) {
        h = (h ^ bytes[i]) * 0x100000001b3L;
      }
      h = (h ^ (h >>> 32)) * 0x9e3779b97f4a7c15L;
      return (int) (h >>> 32);
    }
  }
}

package hesuan.join;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Gives each item one of its three bins, no two the same (cuckoo hashing without a stash). Items
 * push each other out at random; one that finds no bin so is placed by a search for an augmenting
 * path, so that an assignment is found whenever there is one.
 */
final class BinTable {
  private static final int NONE = -1;
  private static final int PUSHES_MAX = 500;

  private final int[] places;
  private final int[] holder;

  /** Of the search, which is rare: in which round a bin was reached, and from which other. */
  private int[] reachedIn = new int[0];

  private int[] reachedFrom = new int[0];
  private int round;

  private BinTable(Bins bins, int[] places) {
    this.places = places;
    holder = new int[bins.total()];
    Arrays.fill(holder, NONE);
  }

  /**
   * @param places of each item three bins
   * @return of each bin {@code 3 item + which} of the item's bins it is, or -1; null when the items
   *     fit in no way
   */
  static int @Nullable [] assign(Bins bins, int[] places, SecureRandom random) {
    BinTable table = new BinTable(bins, places);
    SplittableRandom pushes = new SplittableRandom(random.nextLong());
    for (int item = 0; item < places.length / Bins.WAYS; item++) {
      int homeless = table.push(item, pushes);
      if (homeless != NONE && !table.search(homeless)) {
        return null;
      }
    }
    return table.holder;
  }

  /** The item that has no bin in the end, or NONE. */
  private int push(int first, SplittableRandom pushes) {
    int item = first;
    int last = NONE;
    for (int count = 0; count < PUSHES_MAX; count++) {
      for (int which = 0; which < Bins.WAYS; which++) {
        int at = Bins.WAYS * item + which;
        if (holder[places[at]] == NONE) {
          holder[places[at]] = at;
          return NONE;
        }
      }
      int which = pushes.nextInt(Bins.WAYS);
      if (places[Bins.WAYS * item + which] == last) {
        which = (which + 1) % Bins.WAYS;
      }
      last = places[Bins.WAYS * item + which];
      int out = holder[last];
      holder[last] = Bins.WAYS * item + which;
      item = out / Bins.WAYS;
    }
    return item;
  }

  /** Breadth first from the item's bins to a free one; then everybody on the path moves on. */
  private boolean search(int item) {
    if (reachedIn.length == 0) {
      reachedIn = new int[holder.length];
      reachedFrom = new int[holder.length];
    }
    round++;
    int[] queue = new int[holder.length];
    int waiting = reach(item, NONE, queue, 0);
    for (int next = 0; next < waiting; next++) {
      int bin = queue[next];
      if (holder[bin] == NONE) {
        move(item, bin);
        return true;
      }
      waiting = reach(holder[bin] / Bins.WAYS, bin, queue, waiting);
    }
    return false;
  }

  private int reach(int item, int from, int[] queue, int before) {
    int waiting = before;
    for (int which = 0; which < Bins.WAYS; which++) {
      int bin = places[Bins.WAYS * item + which];
      if (reachedIn[bin] != round) {
        reachedIn[bin] = round;
        reachedFrom[bin] = from;
        queue[waiting++] = bin;
      }
    }
    return waiting;
  }

  private void move(int item, int free) {
    int bin = free;
    while (bin != NONE) {
      int from = reachedFrom[bin];
      int mover = from == NONE ? item : holder[from] / Bins.WAYS;
      int which = 0;
      while (places[Bins.WAYS * mover + which] != bin) {
        which++;
      }
      holder[bin] = Bins.WAYS * mover + which;
      bin = from;
    }
  }
}

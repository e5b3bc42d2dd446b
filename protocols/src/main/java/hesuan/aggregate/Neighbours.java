package hesuan.aggregate;

import hesuan.wire.Digest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who holds shares of whose secrets, and who masks against whom: everybody in a small group; in a
 * large one each member has holders that its own coin draws. The coin is drawn once the roster
 * stands, so nobody else has a say in who an honest member's holders are. The leader sees the whole
 * graph; a member draws its own holders and is told whose holder it is ({@code
 * docs/adr/0034-sums-of-many-parties.md}).
 */
final class Neighbours {
  /** Holders of a member's shares in a large group, and how many of them give its secrets back. */
  static final int CHOSEN = 92;

  static final int CHOSEN_THRESHOLD = 64;

  private final SortedMap<Integer, List<Integer>> holders = new TreeMap<>();
  private final SortedMap<Integer, SortedSet<Integer>> owners = new TreeMap<>();
  private final SortedMap<Integer, SortedSet<Integer>> masked = new TreeMap<>();

  /**
   * @param coins of the members that shared their secrets: only they are masked against
   */
  Neighbours(
      SecureSumSettings settings,
      byte[] rosterDigest,
      Collection<Integer> roster,
      SortedMap<Integer, byte[]> coins) {
    for (int member : roster) {
      owners.put(member, new TreeSet<>());
      masked.put(member, new TreeSet<>());
    }
    coins.forEach(
        (owner, coin) -> {
          List<Integer> chosen = holders(settings, rosterDigest, roster, owner, coin);
          holders.put(owner, chosen);
          for (int holder : chosen) {
            owned(holder).add(owner);
            if (holder != owner && coins.containsKey(holder)) {
              maskedWith(owner).add(holder);
              maskedWith(holder).add(owner);
            }
          }
        });
  }

  static int holdersMax(SecureSumSettings settings) {
    return settings.complete() ? settings.members() : CHOSEN;
  }

  /** In ascending order; a share's point is its holder's place in this list, counted from 1. */
  static List<Integer> holders(
      SecureSumSettings settings,
      byte[] rosterDigest,
      Collection<Integer> roster,
      int owner,
      byte[] coin) {
    if (settings.complete()) {
      return List.copyOf(roster);
    }
    List<Integer> others = new ArrayList<>(roster);
    others.remove((Integer) owner);
    Draws draws =
        new Draws(Statement.of("neighbours", rosterDigest, Statement.integers(owner), coin));
    int chosen = Math.min(CHOSEN, others.size());
    for (int i = 0; i < chosen; i++) {
      Collections.swap(others, i, i + draws.below(others.size() - i));
    }
    return others.subList(0, chosen).stream().sorted().toList();
  }

  List<Integer> holders(int owner) {
    return Objects.requireNonNull(holders.get(owner));
  }

  /** Those of whose secrets the member holds shares. */
  SortedSet<Integer> owned(int holder) {
    return Objects.requireNonNull(owners.get(holder));
  }

  /** Those who shared their secrets and hold this member's, or whose it holds. */
  SortedSet<Integer> maskedWith(int member) {
    return Objects.requireNonNull(masked.get(member));
  }

  /** Uniform numbers out of a seed. */
  private static final class Draws {
    private final byte[] seed;
    private int block;
    private ByteBuffer left = ByteBuffer.allocate(0);

    private Draws(byte[] seed) {
      this.seed = seed;
    }

    private int below(int bound) {
      long whole = (1L << Integer.SIZE) / bound * bound;
      long drawn;
      do {
        drawn = Integer.toUnsignedLong(next());
      } while (drawn >= whole);
      return (int) (drawn % bound);
    }

    private int next() {
      if (!left.hasRemaining()) {
        left =
            ByteBuffer.wrap(
                Digest.of(Statement.of("draws", seed, Statement.integers(block++))).bytes());
      }
      return left.getInt();
    }
  }
}

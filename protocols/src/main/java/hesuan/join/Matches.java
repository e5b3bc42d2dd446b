package hesuan.join;

import hesuan.dp.ClippedDummyNoise;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.util.List;
import java.util.stream.Collectors;

/** What the matcher sees of how many items match, which is also the choice of the protocol. */
public sealed interface Matches {
  /** For {@link JoinParameters#digest}. */
  String text();

  /**
   * A noisy number for each group: docs/protocols/join-statistics.md.
   *
   * @param epsilon for the counts of matches
   * @param delta the chance that this promise fails, a decimal
   * @param itemsPerPerson the most items that one person has at the valuer
   */
  record Noised(Epsilon epsilon, String delta, int itemsPerPerson) implements Matches {
    public Noised {
      if (itemsPerPerson < 1) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE, "itemsPerPerson", "at least 1", "" + itemsPerPerson);
      }
    }

    /** How many dummies the valuer puts into a group, drawn for each. */
    public ClippedDummyNoise dummyNoise() {
      return ClippedDummyNoise.of(epsilon, delta, itemsPerPerson);
    }

    /** Public dummies of one group, all of them in the matcher's list. */
    int dummiesPerGroup() {
      return (int) dummyNoise().countMax();
    }

    @Override
    public String text() {
      return "noised " + itemsPerPerson + " " + epsilon.micros() + " " + delta;
    }
  }

  /**
   * Nothing: docs/protocols/hidden-join.md.
   *
   * @param sumsMax of each figure the most that a sum with both parties' noise can be, of either
   *     sign; a larger one would come out wrong, and so must be out of reach
   */
  record Hidden(List<Long> sumsMax) implements Matches {
    private static final long MOST = 1L << 62;

    public Hidden {
      sumsMax = List.copyOf(sumsMax);
      for (long most : sumsMax) {
        if (most < 1 || most > MOST) {
          throw new ProblemException(ErrorCode.INVALID_VALUE, "sums", "1 to 2^62", "" + most);
        }
      }
    }

    @Override
    public String text() {
      return "hidden "
          + sumsMax.stream().map(most -> Long.toString(most)).collect(Collectors.joining(" "));
    }
  }
}

package hesuan.aggregate;

import hesuan.group.Workers;
import hesuan.range.RangeCheck;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * A vector in two parts that add up to it, of which one alone says nothing: one is a mere seed.
 * With a range both parts carry shares of a proof too ({@link RangedSum}).
 */
final class Cut {
  private static final int SEED = 32;

  /** The first for the aggregator that opens. */
  record Parts(byte[] opening, byte[] other) {}

  private Cut() {}

  static Parts parts(TwoAggregatorSettings settings, long[] addend, SecureRandom random) {
    byte[] seed = new byte[SEED];
    random.nextBytes(seed);
    long[] cells = addend.clone();
    try (Masks mask = new Masks()) {
      mask.subtract(seed.clone());
      mask.applyTo(cells, 0, settings.length(), Workers.ONE);
    }
    byte[] opening = RangeCheck.encode(cells);
    Arrays.fill(cells, 0);
    return new Parts(opening, seed);
  }

  static int otherBytes(TwoAggregatorSettings settings) {
    return settings.ranged() ? RangedSum.OTHER_BYTES : SEED;
  }
}

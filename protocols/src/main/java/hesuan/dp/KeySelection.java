package hesuan.dp;

import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.math.BigInteger;
import java.util.Arrays;

/**
 * Which keys of an owner's own data may be told, when the keys themselves are private: each is kept
 * with a probability that grows with its number of people as fast as epsilon and delta allow
 * (Desfontaines, Voss, Gipson, Mandayam 2022). No other rule keeps more.
 *
 * <p>With e and d one key's share of epsilon and delta, {@code p(n+1)} is the least of {@code e^e
 * p(n) + d} and {@code 1 - (1 - p(n) - d) / e^e}. The probabilities are integers in units of 2^-62,
 * computed with a rational below {@code e^e} and rounded so that both inequalities of (e, d) hold
 * exactly for what is tossed.
 */
public final class KeySelection {
  private static final int UNIT_BITS = 62;
  private static final long ONE = 1L << UNIT_BITS;
  private static final int FACTOR_BITS = 48;
  private static final double DOWN = 1 - 1e-12;
  private static final int STEPS_MAX = 1 << 20;

  private final long minUnits;
  private final long[] probability; // of n people at n - 1; from the last on it is one

  private KeySelection(long minUnits, long[] probability) {
    this.minUnits = minUnits;
    this.probability = probability;
  }

  /**
   * @param epsilon for the selection alone: the counts told afterwards cost their own
   * @param maxGroups in how many keys one person may be
   * @param minUnits with fewer people than this a key is never kept; 1 for no such limit
   */
  public static KeySelection of(Epsilon epsilon, Delta delta, int maxGroups, long minUnits) {
    if (maxGroups < 1 || minUnits < 1 || epsilon.micros() == 0) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "keys",
          "epsilon above 0, maxGroups and minUnits of at least 1",
          epsilon + ", " + maxGroups + " and " + minUnits);
    }
    double share = epsilon.micros() / 1e6 / maxGroups;
    // A factor of at most 2^12 keeps the product in range and changes nothing: such an epsilon
    // reaches certainty in two steps.
    BigInteger factor =
        BigInteger.valueOf((long) (Math.min(Math.exp(share), 4096) * DOWN * (1L << FACTOR_BITS)));
    long failing = (long) (delta.split(maxGroups) * ONE);
    return new KeySelection(
        minUnits, table(factor.max(BigInteger.ONE.shiftLeft(FACTOR_BITS)), failing));
  }

  private static long[] table(BigInteger factor, long failing) {
    long[] table = new long[64];
    int size = 0;
    for (long last = 0; last < ONE; size++) {
      if (size == STEPS_MAX) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            "keys",
            "an epsilon and delta that release a key of " + STEPS_MAX + " people",
            "less");
      }
      last = next(last, factor, failing);
      table = size == table.length ? Arrays.copyOf(table, 2 * size) : table;
      table[size] = last;
    }
    return Arrays.copyOf(table, size);
  }

  private static long next(long last, BigInteger factor, long failing) {
    if (ONE - last <= failing) {
      return ONE;
    }
    BigInteger grown = BigInteger.valueOf(last).multiply(factor).shiftRight(FACTOR_BITS);
    BigInteger missing = BigInteger.valueOf(ONE - last - failing).shiftLeft(FACTOR_BITS);
    BigInteger shrunk = missing.add(factor).subtract(BigInteger.ONE).divide(factor);
    return grown
        .add(BigInteger.valueOf(failing))
        .min(BigInteger.valueOf(ONE).subtract(shrunk))
        .longValueExact();
  }

  /**
   * Whether the key may be told.
   *
   * @param units how many people are in the group, each counted once
   * @param bits in the same state whenever the same question is asked of the same data, so ask the
   *     keys in a fixed order
   */
  public boolean keeps(long units, BitPool bits) {
    // A toss for every key, so that neither bits nor time tell which were certain.
    return bits.nextLong() >>> (Long.SIZE - UNIT_BITS) < chance(units);
  }

  /** The probability of keeping a key with this many people: for plans and reports. */
  public double probability(long units) {
    return (double) chance(units) / ONE;
  }

  /** The fewest people with which a key is always kept. */
  public long certainFrom() {
    return minUnits - 1 + probability.length;
  }

  /** In units of 2^-62. */
  long chance(long units) {
    long counted = units - (minUnits - 1);
    if (counted < 1) {
      return 0;
    }
    return counted > probability.length ? ONE : probability[(int) counted - 1];
  }
}

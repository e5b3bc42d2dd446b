package hesuan.circuit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.group.Workers;
import hesuan.transfer.TwoEnds;
import hesuan.wire.Digest;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CircuitTest {
  /** Both ends' results of what each does with its circuit. */
  private static long[][] run(Function<Circuit, long[]> first, Function<Circuit, long[]> second) {
    TwoEnds<long[]> ends = new TwoEnds<>();
    ends.run(
            channel -> {
              try (Circuit circuit =
                  Circuit.open(channel, Digest.of("run"), true, TwoEnds.seeded(1), Workers.ONE)) {
                return first.apply(circuit);
              }
            },
            channel -> {
              try (Circuit circuit =
                  Circuit.open(channel, Digest.of("run"), false, TwoEnds.seeded(2), Workers.ONE)) {
                return second.apply(circuit);
              }
            })
        .orThrow();
    return new long[][] {ends.first, ends.second};
  }

  private static long[] opened(long[][] shares) {
    long[] open = shares[0].clone();
    for (int i = 0; i < open.length; i++) {
      open[i] ^= shares[1][i];
    }
    return open;
  }

  private static long[] sum(long[][] shares) {
    long[] sum = shares[0].clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += shares[1][i];
    }
    return sum;
  }

  private static long[] equalInClear(long[] x, long[] y, int bits) {
    long[] equal = new long[(x.length + 63) / 64];
    long mask = -1L >>> 64 - bits;
    for (int i = 0; i < x.length; i++) {
      if (((x[i] ^ y[i]) & mask) == 0) {
        equal[i / 64] |= 1L << i;
      }
    }
    return equal;
  }

  private static long[][] equality(long[] x, long[] y, int bits) {
    return run(c -> c.equality().shares(x, bits), c -> c.equality().shares(y, bits));
  }

  @Test
  void triples_productsOfSums_areSumsOfProducts() {
    int words = 200;
    Function<Circuit, long[]> draw =
        circuit -> {
          long[] a = new long[words];
          long[] b = new long[words];
          long[] c = new long[words];
          circuit.triples().next(a, b, c, words / 2 + 1);
          long[] kept = a.clone();
          circuit.triples().next(a, b, c, words);
          assertTrue(!Arrays.equals(kept, 0, words / 2, a, 0, words / 2), "given twice");
          long[] all = Arrays.copyOf(a, 3 * words);
          System.arraycopy(b, 0, all, words, words);
          System.arraycopy(c, 0, all, 2 * words, words);
          return all;
        };
    long[] open = opened(run(draw, draw));
    int ones = 0;
    for (int i = 0; i < words; i++) {
      assertEquals(open[i] & open[words + i], open[2 * words + i]);
      ones += Long.bitCount(open[i]) + Long.bitCount(open[words + i]);
    }
    // 25,600 fair bits: six standard deviations are 480.
    assertTrue(Math.abs(ones - 12_800) < 480, ones + " ones");
  }

  @ParameterizedTest
  @CsvSource({"0,61", "1,61", "63,64", "64,1", "65,2", "127,3", "1009,61", "4099,40"})
  void equality_mixedValues_isRight(int count, int bits) {
    Random random = new Random(count);
    long[] x = random.longs(count).toArray();
    long[] y = x.clone();
    for (int i = 0; i < count; i++) {
      switch (random.nextInt(4)) {
        case 0 -> y[i] = random.nextLong();
        case 1 -> y[i] ^= 1L << random.nextInt(bits);
        case 2 -> y[i] ^= bits == 64 ? 0 : 1L << 63;
        case 3 -> {}
        default -> throw new IllegalStateException();
      }
    }
    assertArrayEquals(equalInClear(x, y, bits), opened(equality(x, y, bits)));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 61, 64})
  void equality_allAlikeOrAllOneBitOff_isRight(int bits) {
    long[] x = new Random(bits).longs(211).toArray();
    assertArrayEquals(equalInClear(x, x, bits), opened(equality(x, x, bits)));
    for (int off : new int[] {0, bits - 1}) {
      long[] y = Arrays.stream(x).map(value -> value ^ 1L << off).toArray();
      assertArrayEquals(new long[4], opened(equality(x, y, bits)));
    }
  }

  /** One end's shares of bits that are all 1 say nothing. */
  @Test
  void equality_sharesOfOnes_areFair() {
    long[] x = new Random(5).longs(6400).toArray();
    for (long[] shares : equality(x, x, 61)) {
      int ones = Arrays.stream(shares).map(Long::bitCount).mapToInt(Math::toIntExact).sum();
      // Six standard deviations are 240.
      assertTrue(Math.abs(ones - 3200) < 240, ones + " ones");
    }
  }

  @Test
  void equality_bitsOutOfRange_areRefused() {
    for (int bits : new int[] {0, 65}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> run(c -> c.equality().shares(new long[1], bits), _ -> new long[0]));
    }
  }

  private static final int COUNT = 1009;
  private static final int COLUMNS = 3;
  private static final long[] BITS = new Random(1).longs(16).toArray();
  private static final long[] BITS_FIRST = new Random(2).longs(16).toArray();
  private static final long[] BITS_SECOND = opened(new long[][] {BITS, BITS_FIRST});
  private static final long[] VALUES = new Random(3).longs(COUNT * COLUMNS).toArray();
  private static final long[] VALUES_FIRST = new Random(4).longs(COUNT * COLUMNS).toArray();
  private static final long[] VALUES_SECOND = new long[COUNT * COLUMNS];

  static {
    for (int i = 0; i < VALUES.length; i++) {
      VALUES_SECOND[i] = VALUES[i] - VALUES_FIRST[i];
    }
  }

  private static long[] selected(long[] values, int columns) {
    long[] out = new long[values.length];
    for (int i = 0; i < values.length; i++) {
      out[i] = values[i] * (BITS[i / columns / 64] >>> i / columns & 1);
    }
    return out;
  }

  @Test
  void select_sharedBitsAndValues_isRight() {
    assertArrayEquals(
        selected(VALUES, COLUMNS),
        sum(
            run(
                c -> c.select().shared(BITS_FIRST, VALUES_FIRST, COUNT, COLUMNS),
                c -> c.select().shared(BITS_SECOND, VALUES_SECOND, COUNT, COLUMNS))));
  }

  @Test
  void select_oneSideKnowsValues_isRight() {
    assertArrayEquals(
        selected(VALUES, COLUMNS),
        sum(
            run(
                c -> c.select().own(BITS_FIRST, VALUES, COUNT, COLUMNS),
                c -> c.select().peers(BITS_SECOND, COUNT, COLUMNS))));
    assertArrayEquals(
        selected(VALUES, COLUMNS),
        sum(
            run(
                c -> c.select().peers(BITS_FIRST, COUNT, COLUMNS),
                c -> c.select().own(BITS_SECOND, VALUES, COUNT, COLUMNS))));
  }

  @Test
  void select_oneSideKnowsBits_isRight() {
    assertArrayEquals(
        selected(VALUES, COLUMNS),
        sum(
            run(
                c -> c.select().choose(BITS, VALUES_FIRST, COUNT, COLUMNS),
                c -> c.select().give(VALUES_SECOND, COUNT, COLUMNS))));
  }

  @Test
  void select_bitsAsNumbers_areRight() {
    long[] ones = new long[COUNT];
    Arrays.fill(ones, 1);
    assertArrayEquals(
        selected(ones, 1),
        sum(
            run(
                c -> c.select().bits(BITS_FIRST, COUNT),
                c -> c.select().bits(BITS_SECOND, COUNT))));
  }

  /** One's shares of zeros and of ones alike are spread over all of 64 bits. */
  @Test
  void select_shares_areSpread() {
    long[] ones = new long[COUNT];
    Arrays.fill(ones, 1);
    long[][] shares =
        run(
            c -> c.select().own(BITS_FIRST, ones, COUNT, 1),
            c -> c.select().peers(BITS_SECOND, COUNT, 1));
    for (long[] each : shares) {
      // Two of 1009 alike with probability 2^-45.
      assertEquals(COUNT, Arrays.stream(each).distinct().count());
      long set = Arrays.stream(each).map(Long::bitCount).sum();
      // 64,576 fair bits: six standard deviations are 762.
      assertTrue(Math.abs(set - 32 * COUNT) < 762, set + " bits");
    }
  }

  @Test
  void select_nothing_isNothing() {
    assertArrayEquals(
        new long[0],
        sum(
            run(
                c -> c.select().shared(new long[0], new long[0], 0, 2),
                c -> c.select().shared(new long[0], new long[0], 0, 2))));
  }
}

package hesuan.okvs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.group.Workers;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OkvsTest {
  private final Random random = new Random(5);

  private byte[] keys(int count) {
    byte[] keys = new byte[count * Okvs.KEY_BYTES];
    random.nextBytes(keys);
    return keys;
  }

  private static SecureRandom seeded(long seed) throws Exception {
    SecureRandom random = SecureRandom.getInstance("SHA1PRNG");
    random.setSeed(seed);
    return random;
  }

  private static long[] decode(Okvs store, byte[] keys) {
    int count = keys.length / Okvs.KEY_BYTES;
    long[] out = new long[2 * count];
    store.addTo(out, keys, count, Workers.ONE);
    return out;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 31, 511, 512, 1023, 1024, 6789, 7919, 200_000})
  void decode_ofEncodedKeys_givesTheirValues(int count) throws Exception {
    byte[] keys = keys(count);
    long[] values = random.longs(2L * count).toArray();
    Okvs store = Okvs.encode(keys, count, values, seeded(count), Workers.ONE);
    assertArrayEquals(values, decode(store, keys));

    long[] cells = new long[store.longs()];
    Arrays.setAll(cells, store::cell);
    assertArrayEquals(values, decode(Okvs.of(count, store.seed(), cells), keys));
  }

  @Test
  void decode_ofOtherKeys_looksRandom() throws Exception {
    int count = 20_000;
    long[] zeros = new long[2 * count];
    Okvs store = Okvs.encode(keys(count), count, zeros, seeded(1), Workers.ONE);
    long[] others = decode(store, keys(count));
    long ones = Arrays.stream(others).map(Long::bitCount).sum();
    // 2.56 million fair bits: standard deviation 800; ten of them is a false alarm in 10^23 runs.
    assertEquals(64L * others.length / 2, ones, 8_000);
    assertEquals(others.length, Arrays.stream(others).distinct().count());
  }

  /** Free cells left at zero would show how many keys a bin has. */
  @Test
  void cells_ofFewKeys_areRandomToo() throws Exception {
    Okvs store = Okvs.encode(keys(3), 3, new long[6], seeded(2), Workers.ONE);
    long zeros = 0;
    for (int i = 0; i < store.longs(); i++) {
      zeros += store.cell(i) == 0 ? 1 : 0;
    }
    assertEquals(0, zeros);
  }

  @Test
  void encode_twice_takesAnotherSeed() throws Exception {
    byte[] keys = keys(100);
    long[] values = new long[200];
    SecureRandom source = seeded(3);
    byte[] first = Okvs.encode(keys, 100, values, source, Workers.ONE).seed();
    byte[] second = Okvs.encode(keys, 100, values, source, Workers.ONE).seed();
    assertFalse(Arrays.equals(first, second));
  }

  @Test
  void encode_ofRepeatedKey_fails_withoutSayingWhich() throws Exception {
    byte[] keys = keys(100);
    System.arraycopy(keys, 0, keys, 16 * 77, 16);
    long[] values = random.longs(200).toArray();
    SecureRandom source = seeded(4);
    ProblemException e =
        assertThrows(
            ProblemException.class, () -> Okvs.encode(keys, 100, values, source, Workers.ONE));
    assertEquals(ErrorCode.INTERNAL, e.problem().code());
    assertFalse(e.getMessage().contains("77"));
  }

  @Test
  void shape_holdsItsMargins() {
    for (int keys : new int[] {0, 1, 1023, 1024, 10_007, 200_000, 1 << 20, 1 << 24}) {
      Okvs.Shape shape = Okvs.Shape.of(keys);
      int binBits = 32 - Integer.numberOfLeadingZeros(shape.bins() - 1);
      assertTrue(shape.words() * 64 >= shape.loadMax() + 42 + binBits);
      assertTrue(shape.bins() == 1 ? shape.loadMax() == keys : tail(shape) < Math.scalb(1.0, -42));
    }
  }

  /** A second opinion on the load bound: the binomial tail itself, over all bins. */
  private static double tail(Okvs.Shape shape) {
    double p = 1.0 / shape.bins();
    double odds = Math.log(p / (1 - p));
    double logTerm = shape.keys() * Math.log1p(-p);
    double tail = 0;
    for (int k = 0; k < Math.min(shape.keys(), shape.loadMax() + 400); k++) {
      logTerm += odds + Math.log((shape.keys() - k) / (k + 1.0));
      if (k + 1 > shape.loadMax()) {
        tail += Math.exp(logTerm);
      }
    }
    return shape.bins() * tail;
  }
}

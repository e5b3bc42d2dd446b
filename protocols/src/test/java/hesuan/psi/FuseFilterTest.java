package hesuan.psi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Digest;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FuseFilterTest {
  private static long[] tags(int count, long seed) {
    Random random = new Random(seed);
    return random.longs(2L * count).toArray();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 10, 31, 100, 1000, 4097, 32768, 66560})
  void everyTag_isFound_andNoOther(int count) {
    long[] tags = tags(count, count);
    FuseFilter filter = FuseFilter.of(tags, count, 7, Run.seeded(1));
    for (int i = 0; i < count; i++) {
      assertTrue(filter.mayContain(tags[2 * i], tags[2 * i + 1]));
    }
    long[] others = tags(20_000, -1);
    for (int i = 0; i < others.length; i += 2) {
      assertFalse(filter.mayContain(others[i], others[i + 1]));
    }
    if (count >= 32768) {
      double bytesEach = FuseFilter.tableBytes(count, 7) / (double) count;
      assertTrue(bytesEach < 1.3 * 7, "" + bytesEach);
    }
  }

  /** Six standard deviations either side: a false alarm in 5 x 10^8 runs. */
  @ParameterizedTest
  @CsvSource({"1, 500000", "2, 4000000"})
  void strangeTags_passAsOftenAsTheFingerprintSays(int bytes, int queries) {
    int count = 3000;
    FuseFilter filter = FuseFilter.of(tags(count, 1), count, bytes, Run.seeded(2));
    Random random = new Random(3);
    int passed = 0;
    for (int i = 0; i < queries; i++) {
      if (filter.mayContain(random.nextLong(), random.nextLong())) {
        passed++;
      }
    }
    double expected = queries / Math.pow(256, bytes);
    assertEquals(expected, passed, 6 * Math.sqrt(expected));
  }

  @Test
  void repeatedTags_areRefused() {
    long[] tags = {1, 2, 3, 4, 1, 2};
    assertThrows(IllegalArgumentException.class, () -> FuseFilter.of(tags, 3, 5, Run.seeded(1)));
  }

  /** All items of a run together stay under 2^-40. */
  @Test
  void fingerprint_isFortyBitsAndTheLogarithmOfWhatIsAsked() {
    int[] asked = {1, 2, 255, 256, 257, 1024, 65_536, 65_537, 1 << 20};
    int[] bytes = {5, 6, 6, 6, 7, 7, 7, 8, 8};
    for (int i = 0; i < asked.length; i++) {
      assertEquals(bytes[i], new UnbalancedVersion(Digest.of("v"), asked[i]).fingerprintBytes());
      assertTrue(asked[i] * Math.pow(2, -8 * bytes[i]) <= Math.pow(2, -40));
    }
  }
}

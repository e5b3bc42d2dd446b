package hesuan.psi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Digest;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TagsTest {
  /** Records that share their leading bytes, so that the sort has to look at the rest. */
  private static byte[] crowded(int count, int width) {
    byte[] records = new byte[count * width];
    new Random(1).nextBytes(records);
    for (int i = 0; i < count; i++) {
      if (i % 3 != 0) {
        Arrays.fill(records, i * width, i * width + 5, (byte) (i % 5 == 0 ? 0x80 : 0x7f));
      }
    }
    return records;
  }

  @Test
  void order_isByUnsignedBytes_alsoOnTies() {
    byte[] records = crowded(500, 16);
    Integer[] expected = IntStream.range(0, 500).boxed().toArray(Integer[]::new);
    Arrays.sort(expected, (a, b) -> Tags.compare(records, a, records, b, 16));
    assertArrayEquals(
        Arrays.stream(expected).mapToInt(Integer::intValue).toArray(),
        Tags.order(records, 16, 500));
  }

  @Test
  void allDistinct_findsARepetitionAnywhere() {
    byte[] records = crowded(300, 32);
    assertTrue(Tags.allDistinct(records, 32, 300));
    for (int i = 1; i < 300; i++) {
      byte[] repeated = records.clone();
      System.arraycopy(records, 0, repeated, i * 32, 32);
      assertFalse(Tags.allDistinct(repeated, 32, 300));
    }
  }

  @Test
  void matches_findsExactlyTheCommonOnes() {
    byte[] all = crowded(900, 16);
    byte[] ours = Arrays.copyOfRange(all, 0, 600 * 16);
    byte[] others = Arrays.copyOfRange(all, 450 * 16, 900 * 16);
    byte[] sorted = ItemList.gather(others, 16, Tags.order(others, 16, 450), 0, 450);
    int[] matches = Tags.matches(ours, 600, sorted, 450);
    Arrays.sort(matches);
    assertArrayEquals(IntStream.range(450, 600).toArray(), matches);
  }

  @Test
  void shuffle_putsEveryItemEverywhere() {
    int[][] seen = new int[4][4];
    java.security.SecureRandom random = Run.seeded(4);
    for (int i = 0; i < 24_000; i++) {
      int[] order = Tags.shuffle(4, random);
      for (int k = 0; k < 4; k++) {
        seen[k][order[k]]++;
      }
    }
    // Each of 16 counts is 6,000 with deviation 67; seven of them is a false alarm in 10^10 runs.
    for (int[] row : seen) {
      for (int count : row) {
        assertEquals(6_000, count, 470);
      }
    }
  }

  @Test
  void itemKeys_areBoundToSessionLengthAndKind() {
    ItemKeys keys = new ItemKeys(Digest.of("a"));
    keys.add("12");
    keys.add("123");
    byte[] two = keys.toArray();
    ItemKeys other = new ItemKeys(Digest.of("b"));
    other.add("12");
    byte[] dummy = new byte[32];
    ItemKeys.dummy(dummy, 0, Digest.of("a"), 0, 0, 0);
    assertEquals(2, keys.count());
    assertFalse(Arrays.equals(two, 0, 32, other.toArray(), 0, 32));
    assertFalse(Arrays.equals(two, 0, 32, two, 32, 64));
    assertFalse(Arrays.equals(two, 0, 32, dummy, 0, 32));
  }
}

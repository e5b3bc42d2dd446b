package hesuan.psi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.group.Workers;
import hesuan.psi.IntersectionParameters.Engine;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TagListTest {
  private static final byte[] KEY = new byte[16];

  private static String hex(byte[] bytes, int at, int width) {
    return java.util.HexFormat.of().formatHex(bytes, at, at + width);
  }

  /** A hash map is the oracle. */
  @ParameterizedTest
  @ValueSource(ints = {8, 9, 10, 11, 15, 16})
  void merge_findsWhatAMapFinds(int width) {
    Random random = new Random(width);
    for (int count : new int[] {0, 1, 2, 7, 8, 9, 1000, 70_001}) {
      long[] own = random.longs(2L * count).toArray();
      int peers = count / 2 + 3;
      long[] theirs = random.longs(2L * peers).toArray();
      for (int i = 0; i < Math.min(count, peers); i += 3) {
        theirs[2 * i] = own[2 * (count - 1 - i)];
        theirs[2 * i + 1] = own[2 * (count - 1 - i) + 1];
      }
      TagList list = TagList.of(own, KEY, width, Workers.ONE);
      TagList peer = TagList.of(theirs, KEY, width, Workers.ONE);
      TagList.Merge merge = list.new Merge(peers);
      Map<String, Integer> places = new HashMap<>();
      byte[] mine = list.encoded(0, count);
      for (int i = 0; i < count; i++) {
        places.put(hex(mine, i * width, width), list.place(i));
      }
      TreeSet<Integer> expected = new TreeSet<>();
      for (int from = 0; from < peers; from += 1000) {
        byte[] batch = peer.encoded(from, Math.min(1000, peers - from));
        assertTrue(merge.take(batch));
        for (int at = 0; at < batch.length; at += width) {
          Integer place = places.get(hex(batch, at, width));
          int rank = from + at / width;
          assertEquals(place != null, (merge.found()[rank / 8] >> rank % 8 & 1) == 1);
          if (place != null) {
            expected.add(place);
          }
        }
      }
      int[] found = merge.places();
      Arrays.sort(found);
      assertArrayEquals(expected.stream().mapToInt(Integer::intValue).toArray(), found);
    }
  }

  @Test
  void tags_ascend_andHoldEveryPlaceOnce_alsoWithSeveralWorkers() {
    long[] values = new Random(3).longs(2 * 30_001).toArray();
    ExecutorService pool = Executors.newFixedThreadPool(3);
    try {
      TagList alone = TagList.of(values, KEY, 10, Workers.ONE);
      TagList shared = TagList.of(values, KEY, 10, Workers.of(3, pool));
      assertArrayEquals(alone.encoded(0, 30_001), shared.encoded(0, 30_001));
      assertEquals(30_001, IntStream.range(0, 30_001).map(shared::place).distinct().count());
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void merge_refusesTagsThatDoNotAscend_alsoOverBatches() {
    TagList list = TagList.of(new Random(4).longs(20).toArray(), KEY, 10, Workers.ONE);
    TagList.Merge merge = list.new Merge(10);
    assertTrue(merge.take(list.encoded(0, 5)));
    assertFalse(merge.take(list.encoded(4, 5)));
    byte[] backwards = new byte[20];
    System.arraycopy(list.encoded(3, 1), 0, backwards, 0, 10);
    System.arraycopy(list.encoded(2, 1), 0, backwards, 10, 10);
    assertFalse(list.new Merge(2).take(backwards));
  }

  /** Tags that are too short make strangers meet: 40 bits and both sizes, never less than 64. */
  @Test
  void tagBytes_coverSizesAndMargin() {
    IntersectionParameters vole = Meeting.parameters(Engine.VOLE, false);
    for (int n : new int[] {0, 1, 2, 3, 1000, 1 << 16, 1 << 20, (1 << 20) + 1, 1 << 27}) {
      for (int m : new int[] {1, 1 << 12, 1 << 20, 10_000_000}) {
        double needed = 40 + Math.log(Math.max(1, n)) / Math.log(2) + Math.log(m) / Math.log(2);
        assertTrue(vole.tagBytes(n, m) * 8 >= needed - 1e-9, n + " x " + m);
        assertTrue(vole.tagBytes(n, m) >= 8 && vole.tagBytes(n, m) <= 16);
      }
    }
    assertEquals(10, vole.tagBytes(1 << 20, 1 << 20));
    assertEquals(16, Meeting.parameters(Engine.VOLE_MALICIOUS, false).tagBytes(1, 1));
  }
}

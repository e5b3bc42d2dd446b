package hesuan.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Digest;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RowHashTest {
  private static final Digest SESSION = Digest.of("run");

  private static long[] hash(RowHash hash, long low, long index, int column, long delta) {
    hash.hash(new long[] {low, 7}, 0, 1, index, column, delta, 0);
    return new long[] {hash.low(0), hash.high(0)};
  }

  @Test
  void hash_sameRowElsewhere_isUnlike() {
    RowHash one = new RowHash(SESSION, "one");
    Set<Long> words = new HashSet<>();
    for (long[] each :
        new long[][] {
          hash(one, 5, 0, 0, 0),
          hash(one, 5, 1, 0, 0),
          hash(one, 5, 0, 2, 0),
          hash(one, 5, 0, 0, 9),
          hash(new RowHash(SESSION, "two"), 5, 0, 0, 0),
          hash(new RowHash(Digest.of("another"), "one"), 5, 0, 0, 0)
        }) {
      words.add(each[0]);
      words.add(each[1]);
    }
    assertEquals(12, words.size());
    assertEquals(hash(one, 5, 3, 0, 9)[0], hash(one, 5 ^ 9, 3, 0, 0)[0]);
  }

  @Test
  void bits_ofEqualRows_areUnlikeAndFair() {
    RowHash hash = new RowHash(SESSION, "one");
    long[] rows = new long[2 * RowHash.PIECE];
    hash.hash(rows, 0, RowHash.PIECE, 0, 0, 0, 0);
    int ones = 0;
    for (int first = 0; first < RowHash.PIECE; first += 64) {
      ones += Long.bitCount(hash.bits(first));
      assertNotEquals(0, hash.bits(first));
    }
    // 4096 fair bits: six standard deviations are 192.
    assertTrue(Math.abs(ones - 2048) < 192, ones + " ones");
  }
}

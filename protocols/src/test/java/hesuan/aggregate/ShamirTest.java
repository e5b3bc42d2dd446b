package hesuan.aggregate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShamirTest {
  @Test
  void multiply_isTheFieldOfAes() {
    assertEquals(0xc1, Shamir.multiply(0x57, 0x83)); // FIPS 197, 4.2
    for (int a = 1; a < 256; a++) {
      assertEquals(1, Shamir.multiply(a, Shamir.inverse(a)));
    }
  }

  @Test
  void combine_anyThresholdShares_giveTheSecret_fewerDoNot() {
    byte[] secret = new byte[32];
    Federation.random(1).nextBytes(secret);
    int[] points = IntStream.of(1, 2, 5, 7, 200).toArray();
    byte[][] shares = Shamir.split(secret, 3, points, Federation.random(2));
    for (int a = 0; a < 5; a++) {
      for (int b = a + 1; b < 5; b++) {
        for (int c = b + 1; c < 5; c++) {
          assertArrayEquals(
              secret,
              Shamir.combine(
                  new int[] {points[a], points[b], points[c]},
                  new byte[][] {shares[a], shares[b], shares[c]}));
        }
        assertFalse(
            Arrays.equals(
                secret,
                Shamir.combine(
                    new int[] {points[a], points[b]}, new byte[][] {shares[a], shares[b]})));
      }
    }
  }

  /** Two shares of three fit every secret equally well: their bytes look uniform. */
  @Test
  void split_zeroSecret_sharesAreUniform() {
    int[] seen = new int[256];
    for (int run = 0; run < 2000; run++) {
      for (byte b : Shamir.split(new byte[32], 2, new int[] {9}, Federation.random(run))[0]) {
        seen[b & 0xff]++;
      }
    }
    double statistic = 0;
    for (int count : seen) {
      statistic += (count - 250.0) * (count - 250.0) / 250;
    }
    // 255 degrees of freedom: above 400 less than once in 10^7 runs.
    assertEquals(255, statistic, 145);
  }
}

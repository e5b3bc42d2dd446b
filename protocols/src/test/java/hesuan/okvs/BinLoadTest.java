package hesuan.okvs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BinLoadTest {
  /** log2 of bins times P(X > load), added up term by term. */
  private static double tailBits(int keys, int bins, int load) {
    double p = 1.0 / bins;
    double term = 0;
    for (int k = 1; k <= load + 1; k++) {
      term += Math.log((keys - k + 1.0) / k);
    }
    term += (load + 1) * Math.log(p) + (keys - load - 1) * Math.log1p(-p);
    double sum = 1;
    double relative = 1;
    for (int k = load + 2; k <= keys && relative > 1e-12; k++) {
      relative *= (keys - k + 1.0) / k * p / (1 - p);
      sum += relative;
    }
    return (term + Math.log(sum * bins)) / Math.log(2);
  }

  /** The exact tail is below the bound, and three per cent fewer places would not do. */
  @ParameterizedTest
  @CsvSource({"1048576, 64", "10000000, 10", "32768, 2", "200, 4", "4000000, 7812"})
  void load_isExceededWithTheStatedProbability_andNotMuchLarger(int keys, int bins) {
    int load = BinLoad.max(keys, bins, 42);
    assertTrue(tailBits(keys, bins, load) <= -42, load + " of " + keys);
    int mean = keys / bins;
    assertTrue(tailBits(keys, bins, load - (load - mean) / 5) > -42, load + " of " + keys);
  }

  @ParameterizedTest
  @CsvSource({"0, 7", "1, 7", "5, 10", "9, 1"})
  void fewKeys_mayAllFallIntoOneBin(int keys, int bins) {
    assertEquals(keys, BinLoad.max(keys, bins, 42));
  }
}

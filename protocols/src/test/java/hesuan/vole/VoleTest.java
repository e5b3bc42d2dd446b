package hesuan.vole;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.group.Workers;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VoleTest {
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 127, 1009, 1024, 1025, 65_536, 65_537, 100_003})
  void run_anyCount_correlationHolds(int count) {
    assertEquals(0, new Run(count, false).start().wrong());
    assertEquals(0, new Run(count, true).start().wrong());
  }

  @Test
  void run_severalWorkers_correlationHolds() {
    try (ExecutorService pool = Executors.newFixedThreadPool(3)) {
      Run run = new Run(70_001, true);
      run.workers = Workers.of(3, pool);
      assertEquals(0, run.start().wrong());
    }
  }

  @Test
  void run_secrets_areFreshAndSpread() {
    Run one = new Run(3000, false).start();
    Run two = new Run(3000, false);
    two.seed = 2;
    two.start();
    assertNotEquals(one.sender.delta0(), two.sender.delta0());
    assertNotEquals(one.sender.delta1(), two.sender.delta1());
    Set<Long> words = new HashSet<>();
    for (Run run : new Run[] {one, two}) {
      for (long[] vector : new long[][] {run.receiver.a(), run.receiver.c(), run.sender.b()}) {
        Arrays.stream(vector).forEach(words::add);
      }
    }
    // 36,000 words of 64 random bits: two alike with probability 2^-35.
    assertEquals(2 * 3 * 6000, words.size());
  }

  @Test
  void run_silent_travelsShort() {
    assertTrue(new Run(100_000, false).start().bytes < 800_000);
  }

  @Test
  void parameters_outOfBounds_areRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Run(-1, false));
    assertThrows(
        IllegalArgumentException.class, () -> new Run(VoleParameters.COUNT_MAX + 1, false));
  }

  @Test
  void shares_toString_hasNoSecret() {
    Run run = new Run(1, false).start();
    assertEquals("VoleShares[redacted]", run.receiver.toString());
    assertEquals("VoleSenderShares[redacted]", run.sender.toString());
    run.receiver.wipe();
    run.sender.wipe();
    assertFalse(Arrays.stream(run.receiver.a()).anyMatch(word -> word != 0));
    assertFalse(Arrays.stream(run.sender.b()).anyMatch(word -> word != 0));
  }
}

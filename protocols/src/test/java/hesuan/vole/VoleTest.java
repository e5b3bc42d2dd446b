package hesuan.vole;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VoleTest {
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 127, 1009, 1024, 1025, 65537, 100_003})
  void run_anyCount_correlationHolds(int count) {
    assertEquals(0, new Run(count, false).start().wrong());
    assertEquals(0, new Run(count, true).start().wrong());
  }
}

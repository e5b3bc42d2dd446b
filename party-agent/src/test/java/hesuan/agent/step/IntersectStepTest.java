package hesuan.agent.step;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;

class IntersectStepTest {
  @Test
  void missing_isEverybodyElse() {
    assertArrayEquals(new int[] {0, 1, 2}, IntersectStep.missing(3, new int[0]));
    assertArrayEquals(new int[] {1, 3}, IntersectStep.missing(5, new int[] {0, 2, 4}));
    assertArrayEquals(new int[] {0, 4}, IntersectStep.missing(5, new int[] {1, 2, 3}));
    assertArrayEquals(new int[0], IntersectStep.missing(2, new int[] {0, 1}));
    assertArrayEquals(new int[0], IntersectStep.missing(0, new int[0]));
  }
}

package hesuan.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProblemTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "plain",
        "e\u0301 composed of two",
        "half a pair \ud83d and on",
        "pair \ud83d\ude00",
        "line\nbreak \u001b[31m",
        "\u202eturned"
      })
  void problem_anyText_survivesTheWayToAnotherProcess(String text) {
    Problem problem = new Problem(ErrorCode.INTERNAL, text, text, text.repeat(200));
    Problem read = Json.read(Json.canonical(problem), Problem.class);
    assertEquals(problem, read);
    assertFalse(read.at().contains("\n") || read.at().contains("\u001b"));
  }

  @Test
  void problem_longText_isClippedOnce() {
    Problem problem = new Problem(ErrorCode.INTERNAL, "a", "b", "x".repeat(1_000));
    assertEquals("x".repeat(500) + "…", problem.found());
    assertEquals(problem, new Problem(problem.code(), "a", "b", problem.found()));
  }
}

package hesuan.agent.step;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.dp.JoinNoise;
import hesuan.wire.Epsilon;
import hesuan.wire.Json;
import hesuan.wire.Plan;
import hesuan.wire.ProductRef;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class JoinOutputTest {
  private static Plan.JoinStatistics step(Plan.Measure measure, Plan.@Nullable Value value) {
    return new Plan.JoinStatistics(
        "join",
        List.of(ProductRef.parse("ads-a/touches@1"), ProductRef.parse("shop-b/orders@1")),
        measure,
        "arm",
        List.of("treated", "control"),
        value,
        measure == Plan.Measure.ATTRIBUTION ? new Plan.Window("day", "day", 7) : null,
        1,
        Plan.Matches.NOISED,
        Epsilon.parse("1"),
        "0.0000001");
  }

  private static Output output(Plan.JoinStatistics step, long... sums) {
    JoinNoise noise = new JoinNoise(step, 20, 1000);
    return new JoinOutput(step, noise).of(sums, new long[] {1000, 2000});
  }

  @ParameterizedTest
  @EnumSource
  void everyMeasure_isADocument_withFiguresInsideTheirIntervals(Plan.Measure measure) {
    Plan.JoinStatistics step = step(measure, new Plan.Value("amount", 0, 50));
    long[] sums =
        step.figures() == 3
            ? new long[] {100, 2510, 80_111, 50, 1000, 30_000}
            : new long[] {100, 2510, 50, 1000};
    Output output = output(step, sums);
    JsonNode body = Json.tree(Json.canonical(output.body()));
    assertEquals(2, output.rows());
    assertEquals(output.columns().size(), body.path("rows").get(0).size());
    for (JsonNode row : body.path("rows")) {
      for (int at = 1; at < row.size(); at += 3) {
        double value = row.get(at).asDouble();
        assertTrue(row.get(at + 1).asDouble() <= value, row.toString());
        assertTrue(value <= row.get(at + 2).asDouble(), row.toString());
      }
    }
    int average = output.columns().indexOf("average");
    assertEquals(25.1, body.path("rows").get(0).get(average).asDouble(), 1e-9);
  }

  @Test
  void lift_isTheDifferenceOfTheRates() {
    Output output = output(step(Plan.Measure.LIFT, null), 100, 50);
    JsonNode lift = output.body().path("lift");
    assertEquals(0.075, lift.path("absolute").get(0).asDouble(), 1e-9);
    assertEquals(3.0, lift.path("relative").asDouble(), 1e-9);
    // two binomials alone give +- 0.0198; the noise widens that
    double half = lift.path("absolute").get(2).asDouble() - 0.075;
    assertTrue(half > 0.0198 && half < 0.03, lift.toString());
  }

  @Test
  void aGroupBelowTheMinimum_isLeftOutAndCounted_andThereIsNoLift() {
    Output output = output(step(Plan.Measure.LIFT, null), 100, 19);
    assertEquals(1, output.rows());
    assertEquals(1, output.suppressed());
    assertFalse(output.body().has("lift"));
    assertEquals("treated", output.body().path("rows").get(0).get(0).asText());
  }
}

package hesuan.agent.step;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.dp.JoinNoise;
import hesuan.dp.QueryNoise;
import hesuan.wire.Json;
import hesuan.wire.Plan;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

/**
 * Noised sums as figures with intervals. All of it is arithmetic on what is released anyway: it
 * costs no privacy.
 */
final class JoinOutput {
  private static final int DECIMALS = 6;

  /** Beyond this a document takes no number, and a double holds no longer every integer. */
  private static final double EXACT = 0x1p53;

  /** Standard deviations on either side of a normal 95 %. */
  private static final double TWO_SIDED_95 = 1.959964;

  private final Plan.JoinStatistics step;
  private final JoinNoise noise;

  JoinOutput(Plan.JoinStatistics step, JoinNoise noise) {
    this.step = step;
    this.noise = noise;
  }

  private record Interval(double value, double low, double high) {
    static Interval of(long sum, long half) {
      return new Interval(sum, (double) sum - half, (double) sum + half);
    }

    /** By corners: the least and the most that the two can give; counts are at least one. */
    Interval over(Interval count) {
      double fewest = Math.max(1, count.low);
      double most = Math.max(1, count.high);
      return new Interval(
          value / Math.max(1, count.value),
          Math.min(low / fewest, low / most),
          Math.max(high / fewest, high / most));
    }

    Interval squared() {
      double least = low > 0 ? low * low : high < 0 ? high * high : 0;
      return new Interval(value * value, least, Math.max(low * low, high * high));
    }

    Interval minus(Interval other) {
      return new Interval(value - other.value, low - other.high, high - other.low);
    }

    Interval atLeastZero() {
      return new Interval(Math.max(0, value), Math.max(0, low), Math.max(0, high));
    }

    /** Whole figures as numbers, others as decimal text: documents hold no binary fraction. */
    void add(ArrayNode row) {
      for (double each : new double[] {value, low, high}) {
        if (each == Math.rint(each) && Math.abs(each) < EXACT) {
          row.add((long) each);
        } else {
          row.add(decimal(each));
        }
      }
    }
  }

  private static String decimal(double value) {
    return BigDecimal.valueOf(value)
        .setScale(DECIMALS, RoundingMode.HALF_EVEN)
        .stripTrailingZeros()
        .toPlainString();
  }

  /**
   * @param sizes of the leader's groups, noised
   */
  Output of(long[] sums, long[] sizes) {
    List<String> columns = new ArrayList<>(List.of(step.by()));
    boolean lift = step.measure() == Plan.Measure.LIFT;
    if (lift) {
      named(columns, "people");
    }
    named(columns, step.window() == null ? "matched" : "conversions");
    if (step.value() != null) {
      named(columns, step.value().column());
      named(columns, "average");
      if (step.measure() == Plan.Measure.STATISTICS) {
        named(columns, "variance");
      }
    }
    if (lift) {
      named(columns, "rate");
    }
    ObjectNode body = Json.mapper().createObjectNode();
    columns.forEach(body.putArray("columns")::add);
    ArrayNode rows = body.putArray("rows");
    int suppressed = 0;
    for (int group = 0; group < step.groups().size(); group++) {
      int at = group * step.figures();
      if (!noise.releases(sums[at])) {
        suppressed++;
        continue;
      }
      ArrayNode row = rows.addArray().add(step.groups().get(group));
      Interval count = Interval.of(sums[at], noise.halfWidth(0));
      Interval size = Interval.of(sizes[group], noise.sizeHalfWidth());
      if (lift) {
        size.add(row);
      }
      count.add(row);
      if (step.value() != null) {
        Interval sum = Interval.of(sums[at + 1], noise.halfWidth(1));
        sum.add(row);
        Interval average = sum.over(count);
        average.add(row);
        if (step.measure() == Plan.Measure.STATISTICS) {
          Interval squares = Interval.of(sums[at + 2], noise.halfWidth(2));
          squares.over(count).minus(average.squared()).atLeastZero().add(row);
        }
      }
      if (lift) {
        count.over(size).add(row);
      }
    }
    if (lift && suppressed == 0) {
      body.set("lift", lift(sums, sizes));
    }
    body.put("suppressed", suppressed)
        .put("confidencePercent", QueryNoise.CONFIDENCE_PERCENT)
        .put("form", "aggregate");
    return new Output(columns, rows.size(), suppressed, body);
  }

  private static void named(List<String> columns, String name) {
    columns.addAll(List.of(name, name + "_low", name + "_high"));
  }

  /**
   * How much more of the treated converted than of the control group. The interval holds both the
   * chance of who was put into which group and the noise: their variances add.
   */
  private ObjectNode lift(long[] sums, long[] sizes) {
    double[] rate = new double[2];
    double variance = 0;
    for (int group = 0; group < 2; group++) {
      double people = sizes[group];
      rate[group] = Math.clamp(sums[group * step.figures()] / people, 0, 1);
      double noised = noise.halfWidth(0) / TWO_SIDED_95 / people;
      double sized = rate[group] * noise.sizeHalfWidth() / TWO_SIDED_95 / people;
      variance += rate[group] * (1 - rate[group]) / people + noised * noised + sized * sized;
    }
    double difference = rate[0] - rate[1];
    double half = TWO_SIDED_95 * Math.sqrt(variance);
    ObjectNode lift = Json.mapper().createObjectNode();
    ArrayNode absolute = lift.putArray("absolute");
    new Interval(difference, difference - half, difference + half).add(absolute);
    if (rate[1] > 0) {
      lift.put("relative", decimal(difference / rate[1]));
    }
    return lift;
  }
}

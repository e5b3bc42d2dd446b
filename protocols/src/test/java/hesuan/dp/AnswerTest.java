package hesuan.dp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Epsilon;
import hesuan.wire.Figure;
import hesuan.wire.Plan;
import hesuan.wire.Plan.AggregateKind;
import hesuan.wire.ProductRef;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AnswerTest {
  private static final long LOWER = 10;
  private static final long UPPER = 90;

  /** Count, sum, sum of distances, sum of their squares; values in tenths. */
  private static final List<Plan.Aggregate> AGGREGATES =
      List.of(
          aggregate(AggregateKind.COUNT),
          aggregate(AggregateKind.SUM),
          aggregate(AggregateKind.SUM_CENTRED),
          aggregate(AggregateKind.SUM_SQUARED),
          aggregate(AggregateKind.QUANTILES));

  private static final Moments MOMENTS = new Moments(LOWER, UPPER);
  private static final QuantileTree TREE = QueryNoise.tree(AGGREGATES.getLast());
  private static final Figure COUNT = new Figure.Noised(0);
  private static final Figure SUM = new Figure.Noised(1);
  private static final Figure MEAN = new Figure.Mean(2, 0);

  private static Plan.Aggregate aggregate(AggregateKind kind) {
    boolean count = kind == AggregateKind.COUNT;
    return new Plan.Aggregate(
        kind,
        kind.name(),
        "x",
        count ? null : 0,
        count ? 0 : 1,
        count ? 0 : LOWER,
        count ? 1 : UPPER,
        Epsilon.parse("1"));
  }

  private static Plan.DpQuery query(
      int groups, @Nullable Figure having, List<Plan.Order> order, int limit, Figure... figures) {
    List<Plan.Column> columns = new ArrayList<>();
    columns.add(new Plan.Column("key", new Figure.Key(0)));
    for (Figure figure : figures) {
      columns.add(new Plan.Column("c" + columns.size(), figure));
    }
    List<List<String>> keys = new ArrayList<>();
    for (int g = 0; g < groups; g++) {
      keys.add(List.of("g" + g));
    }
    return new Plan.DpQuery(
        "q",
        List.of(ProductRef.parse("shop-a/t@1"), ProductRef.parse("shop-b/t@1")),
        "",
        List.of("key"),
        keys,
        null,
        null,
        AGGREGATES,
        new Plan.Outcome(columns, having, order, limit, 0),
        List.of(),
        1,
        1,
        100_000,
        false,
        List.of());
  }

  private static Answer answer(Plan.DpQuery query, long... sum) {
    QueryNoise noise = QueryNoise.of(query, 1);
    long[] cells = java.util.Arrays.copyOf(sum, noise.cells());
    return Answer.of(query, noise, noise.released(cells, 2), 2);
  }

  private static long[] figures(long[] values) {
    long[] figures = new long[4 + TREE.cells()];
    long[] tree = new long[TREE.cells()];
    for (long value : values) {
      long distance = MOMENTS.centred(value);
      figures[0]++;
      figures[1] += value;
      figures[2] += distance;
      figures[3] += distance * distance;
      TREE.add(tree, value);
    }
    System.arraycopy(tree, 0, figures, 4, tree.length);
    return figures;
  }

  private static final List<Figure> ALL =
      List.of(
          COUNT,
          SUM,
          MEAN,
          new Figure.Spread(2, 3, 0, false),
          new Figure.Spread(2, 3, 0, true),
          new Figure.Quantile(4, 500_000),
          new Figure.Quantile(4, 900_000),
          new Figure.Arithmetic(
              Figure.Operator.OVER,
              new Figure.Arithmetic(Figure.Operator.TIMES, SUM, new Figure.Number("100")),
              new Figure.Arithmetic(Figure.Operator.PLUS, COUNT, SUM)));

  private static double[] plain(long[] values) {
    double n = values.length;
    double sum = 0;
    for (long value : values) {
      sum += value / 10.0;
    }
    double squares = 0;
    for (long value : values) {
      squares += Math.pow(value / 10.0 - sum / n, 2);
    }
    return new double[] {
      n,
      sum,
      sum / n,
      squares / (n - 1),
      Math.sqrt(squares / (n - 1)),
      quantile(values, 0.5),
      quantile(values, 0.9),
      sum * 100 / (n + sum)
    };
  }

  private static double quantile(long[] values, double share) {
    long[] sorted = values.clone();
    java.util.Arrays.sort(sorted);
    return sorted[(int) Math.ceil(share * sorted.length) - 1] / 10.0;
  }

  private static long[] values(Random random, int count) {
    return random.longs(count, LOWER, UPPER + 1).toArray();
  }

  private static double number(Answer answer, int row, int column) {
    return new BigDecimal(answer.rows().get(row).get(column)).doubleValue();
  }

  @Test
  void formulas_overExactFigures_areTheTextbooks() {
    long[] values = values(new Random(1), 1000);
    Plan.DpQuery query = query(1, null, List.of(), 0, ALL.toArray(Figure[]::new));
    Answer answer = answer(query, figures(values));
    double[] plain = plain(values);
    for (int c = 0; c < plain.length; c++) {
      assertEquals(plain[c], number(answer, 0, 1 + 3 * c), 1e-9 * Math.abs(plain[c]), "c" + c);
    }
  }

  /**
   * 1,000 answers: the truth is outside at most 5 % of the intervals of each column (71 is 3
   * deviations above), and the interval of a plain figure is not much too wide either.
   */
  @Test
  void intervals_holdTheTruthAsOftenAsTheySay() {
    Random random = new Random(2);
    int times = 1000;
    Plan.DpQuery query = query(times, null, List.of(), 0, ALL.toArray(Figure[]::new));
    QueryNoise noise = QueryNoise.of(query, 1);
    long[][] values = new long[times][];
    long[] local = new long[noise.cells()];
    for (int g = 0; g < times; g++) {
      values[g] = values(random, 200 + random.nextInt(500));
      long[] figures = figures(values[g]);
      for (int a = 0; a < 4; a++) {
        local[noise.cell(a, g)] = figures[a];
      }
      System.arraycopy(figures, 4, local, noise.cell(4, g), TREE.cells());
    }
    long[] sum = noise.noised(local, DiscreteLaplaceTest.seed(7));
    long[] other = noise.noised(new long[local.length], DiscreteLaplaceTest.seed(8));
    for (int i = 0; i < sum.length; i++) {
      sum[i] += other[i];
    }
    Answer answer = Answer.of(query, noise, noise.released(sum, 2), 2);
    int[] outside = new int[ALL.size()];
    for (int g = 0; g < times; g++) {
      double[] plain = plain(values[g]);
      for (int c = 0; c < plain.length; c++) {
        boolean holds =
            number(answer, g, 2 + 3 * c) <= plain[c] && plain[c] <= number(answer, g, 3 + 3 * c);
        outside[c] += holds ? 0 : 1;
      }
    }
    for (int c = 0; c < outside.length; c++) {
      assertTrue(outside[c] <= 71, "column %d: %d".formatted(c, outside[c]));
    }
    assertTrue(outside[0] >= 25 && outside[1] >= 25, "half-widths are exact for plain figures");
  }

  @Test
  void means_stayWithinTheirBounds_alsoOfNobody() {
    Answer answer =
        answer(
            query(2, null, List.of(), 0, MEAN, new Figure.Spread(2, 3, 0, true)),
            new long[] {1, 1, 0, 0, 900, -900, -7, 100_000});
    for (int row = 0; row < 2; row++) {
      for (int c = 1; c <= 3; c++) {
        double mean = number(answer, row, c);
        assertTrue(mean >= 1 && mean <= 9, answer.toString());
      }
      assertTrue(number(answer, row, 4) >= 0 && number(answer, row, 6) <= 8, answer.toString());
    }
  }

  @Test
  void division_byWhatMayBeZero_hasNoBounds_byZeroNoValue() {
    Figure ratio = new Figure.Arithmetic(Figure.Operator.OVER, SUM, COUNT);
    Figure none =
        new Figure.Arithmetic(
            Figure.Operator.OVER, SUM, new Figure.Arithmetic(Figure.Operator.MINUS, COUNT, COUNT));
    Answer answer = answer(query(1, null, List.of(), 0, ratio, none), new long[] {1, 50, 0, 0});
    assertEquals("5", answer.rows().getFirst().get(1));
    for (int c = 2; c <= 6; c++) {
      assertNull(answer.rows().getFirst().get(c));
    }
  }

  @Test
  void having_orderAndLimit_workOnWhatIsReleased() {
    Figure many = new Figure.Comparison(Figure.Relation.LESS, new Figure.Number("15"), COUNT);
    Figure notThird =
        new Figure.Not(
            new Figure.Comparison(Figure.Relation.EQUAL, new Figure.Key(0), new Figure.Text("g3")));
    Plan.DpQuery query =
        query(
            6,
            new Figure.All(List.of(many, notThird)),
            List.of(new Plan.Order(COUNT, true), new Plan.Order(new Figure.Key(0), true)),
            3,
            COUNT);
    long[] sum = new long[24];
    System.arraycopy(new long[] {10, 20, 30, 90, 30, 50}, 0, sum, 0, 6);
    assertEquals(
        List.of("g5", "g4", "g2"), answer(query, sum).rows().stream().map(List::getFirst).toList());
  }

  @Test
  void expectedErrors_areHalfTheIntervalsOfAPlainGroup() {
    Plan.DpQuery query = query(1, null, List.of(), 0, COUNT, SUM, MEAN);
    QueryNoise noise = QueryNoise.of(query, 1);
    List<@Nullable String> errors = Answer.expectedErrors(query, noise, 2, 1000);
    assertNull(errors.get(0));
    assertEquals("" + noise.halfWidth(0, 2, 1), errors.get(1));
    assertEquals(noise.halfWidth(1, 2, 1) / 10.0, Double.parseDouble(errors.get(2)), 0.1);
    double mean = Double.parseDouble(errors.get(3));
    assertTrue(mean > 0.01 && mean < 0.1, errors.toString());
  }
}

package hesuan.agent.query;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import hesuan.aggregate.StatisticCells;
import hesuan.wire.ErrorCode;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class StoreStatisticsTest {
  private static Plan.SecureSum step(@Nullable String by, List<String> keys) {
    return new Plan.SecureSum(
        "sum",
        List.of(ProductRef.parse("shop-a/stock@1")),
        "the \"price\"",
        by,
        keys,
        false,
        List.of(),
        null,
        new Plan.Statistics(
            List.of(
                new Plan.Statistic(Plan.StatisticKind.ROWS, "rows", 0),
                new Plan.Statistic(Plan.StatisticKind.VARIANCE, "variance", 0),
                new Plan.Statistic(Plan.StatisticKind.HISTOGRAM, "histogram", 0)),
            -10,
            10,
            List.of(-10L, 0L, 5L),
            100,
            false));
  }

  private static long[] run(Plan.SecureSum step, String rows) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE VIEW visible AS SELECT * FROM (VALUES %s) AS t(kind, \"the \"\"price\"\"\")"
              .formatted(rows));
      return new StoreStatistics(step, StatisticCells.of(step)).run(connection);
    }
  }

  @Test
  void run_addsLikeRows_andRowsWithoutAValueCountAsRows() throws Exception {
    String rows =
        "('a', -10), ('a', NULL), ('a', -1), ('a', -1), ('a', 0), ('a', 4), ('a', 5), ('a', 10),"
            + " ('b', NULL), ('c', 3), (NULL, 2)";
    // rows, counts, totals, squares, then three bins of either group
    assertArrayEquals(
        new long[] {8, 1, 7, 0, 7, 0, 243, 0, 3, 2, 2, 0, 0, 0},
        run(step("kind", List.of("a", "b")), rows));
    assertArrayEquals(
        new long[] {11, 9, 12, 256, 3, 4, 2}, run(step(null, List.of()), rows), "over all");
    assertArrayEquals(new long[7], run(step("kind", List.of("d")), rows), "a key that no row has");
  }

  @Test
  void run_ofAValueOutside_isRefused_unlessNobodyAsksForItsGroup() throws Exception {
    String rows = "('a', 1), ('b', 11)";
    assertEquals(1, run(step("kind", List.of("a")), rows)[0]);
    for (Plan.SecureSum step : List.of(step("kind", List.of("b")), step(null, List.of()))) {
      ProblemException refused = assertThrows(ProblemException.class, () -> run(step, rows));
      assertEquals(ErrorCode.INVALID_VALUE, refused.problem().code());
    }
  }

  /** No product of two numbers is made in DuckDB, where it would leave 64 bits. */
  @Test
  void run_ofAHugeValueOutside_isRefusedLikeAnyOther() {
    ProblemException refused =
        assertThrows(
            ProblemException.class,
            () -> run(step(null, List.of()), "('a', 1), ('b', 9223372036854775807)"));
    assertEquals("a value outside", refused.problem().found());
  }
}

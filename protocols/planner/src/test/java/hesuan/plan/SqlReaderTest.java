package hesuan.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobSpec;
import hesuan.wire.Plan;
import hesuan.wire.Problem;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SqlReaderTest {
  static JobSpec job(String sql) {
    JobSpec job =
        JobReader.read(
            """
            apiVersion: hesuan/v1
            kind: Job
            metadata: {name: a-job}
            purpose: {code: market.insight}
            contract: ctr-autumn
            inputs: {orders: [brand-a/orders@1, mall-b/orders@1, pay-c/orders@1]}
            what: {sql: SELECT COUNT(*) FROM orders}
            privacy: {unit: phone, epsilon: 1, maxGroups: 2, maxRows: 5}
            outputs: [{name: n, to: [brand-a]}]
            """);
    return new JobSpec(
        job.apiVersion(),
        job.kind(),
        job.metadata(),
        job.purpose(),
        job.contract(),
        job.inputs(),
        new JobSpec.What(null, sql),
        job.privacy(),
        job.outputs(),
        job.run());
  }

  private static Plan.DpQuery query(String sql) {
    PlanResult result = Market.plan(job(sql));
    Plan plan = assertInstanceOf(PlanResult.Planned.class, result, result::toString).plan();
    return assertInstanceOf(Plan.DpQuery.class, plan.steps().getFirst());
  }

  private static Problem refusal(String sql) {
    PlanResult result = Market.plan(job(sql));
    return assertInstanceOf(PlanResult.Refused.class, result, result::toString)
        .refusals()
        .getFirst()
        .problem();
  }

  @Test
  void step_ofGroupedQuery_isWhole() {
    Plan.DpQuery query =
        query(
            """
            SELECT o.city, COUNT(DISTINCT o.phone) AS buyers, COUNT(*),
              SUM(CLAMP(amount_fen, -100, 50000))
            FROM orders AS o WHERE o.city IN ('上海', 'Xi''an') AND amount_fen > 0 GROUP BY city
            """);
    assertEquals("city", query.by());
    assertEquals(List.of("上海", "Xi'an"), query.keys());
    Epsilon third = new Epsilon(333_333);
    assertEquals(
        List.of(
            new Plan.Aggregate(Plan.AggregateKind.COUNT_DISTINCT_UNIT, "buyers", null, 0, 1, third),
            new Plan.Aggregate(Plan.AggregateKind.COUNT, "count", null, 0, 1, third),
            new Plan.Aggregate(
                Plan.AggregateKind.SUM, "sum_amount_fen", "amount_fen", -100, 50_000, third)),
        query.aggregates());
    assertEquals("((\"city\" IN ('上海', 'Xi''an')) AND (\"amount_fen\" > 0))", query.where());
    assertEquals(Set.of("city", "amount_fen"), SqlText.columnsOf(query.where()));
    assertEquals(2, query.maxGroups());
    assertEquals(5, query.maxRows());
  }

  @Test
  void step_sharesOutNoMoreThanTheJobsEpsilon() {
    for (int n = 1; n <= 16; n++) {
      StringBuilder sql = new StringBuilder("SELECT COUNT(*) AS a0");
      for (int i = 1; i < n; i++) {
        sql.append(", COUNT(*) AS a").append(i);
      }
      Plan.DpQuery query = query(sql + " FROM orders");
      long sum = query.aggregates().stream().mapToLong(a -> a.epsilon().micros()).sum();
      assertTrue(sum <= 1_000_000 && sum > 1_000_000 - n, "" + sum);
      assertEquals(List.of(""), query.keys());
      assertEquals("TRUE", query.where());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "city = 'a'|(\"city\" = 'a')",
        "'a' <> city|('a' <> \"city\")",
        "NOT city = 'a' OR gift|((NOT (\"city\" = 'a')) OR \"gift\")",
        "amount_fen BETWEEN -5 AND 10|(\"amount_fen\" BETWEEN -5 AND 10)",
        "amount_fen NOT BETWEEN 1 AND 2|(\"amount_fen\" NOT BETWEEN 1 AND 2)",
        "weight <= 1.50|(\"weight\" <= 1.5)",
        "weight < 1e3|(\"weight\" < 1000)",
        "\"day\" >= DATE '2026-09-01'|(\"day\" >= DATE '2026-09-01')",
        "city NOT IN ('a', 'b')|(\"city\" NOT IN ('a', 'b'))",
        "city IS NOT NULL AND gift IS NULL|((\"city\" IS NOT NULL) AND (\"gift\" IS NULL))",
        "city LIKE '%a_'|(\"city\" LIKE '%a_')",
        "city NOT LIKE 'a'|(\"city\" NOT LIKE 'a')",
        "gift = TRUE|(\"gift\" = TRUE)",
        "city = 'it''s \"x\" -- no comment'|(\"city\" = 'it''s \"x\" -- no comment')",
        "orders.city = phone|(\"city\" = \"phone\")"
      })
  void predicate_isWrittenAnew(String where, String duckdb) {
    assertEquals(duckdb, query("SELECT COUNT(*) FROM orders WHERE " + where).where());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "DELETE FROM orders",
        "SELECT phone FROM orders",
        "SELECT * FROM orders",
        "SELECT COUNT(*) FROM orders; DROP TABLE orders",
        "SELECT COUNT(*) FROM orders, orders",
        "SELECT COUNT(*) FROM orders JOIN orders o2 ON TRUE",
        "SELECT COUNT(*) FROM (SELECT * FROM orders)",
        "SELECT COUNT(*) FROM read_csv('/etc/passwd')",
        "SELECT COUNT(*) FROM TABLE(f())",
        "SELECT COUNT(*) FROM a.orders",
        "SELECT COUNT(*) FROM orders UNION SELECT COUNT(*) FROM orders",
        "WITH x AS (SELECT 1) SELECT COUNT(*) FROM orders",
        "SELECT DISTINCT COUNT(*) FROM orders",
        "SELECT ALL COUNT(*) FROM orders",
        "SELECT COUNT(*) FROM orders HAVING COUNT(*) > 1",
        "SELECT COUNT(*) AS n FROM orders ORDER BY n",
        "SELECT COUNT(*) FROM orders LIMIT 1",
        "SELECT COUNT(*) FROM orders OFFSET 1",
        "SELECT COUNT(*) OVER () FROM orders",
        "SELECT COUNT(*) FILTER (WHERE gift) FROM orders",
        "SELECT COUNT(city) FROM orders",
        "SELECT COUNT(DISTINCT city) FROM orders",
        "SELECT COUNT(DISTINCT phone, city) FROM orders",
        "SELECT SUM(amount_fen) FROM orders",
        "SELECT SUM(DISTINCT CLAMP(amount_fen, 0, 1)) FROM orders",
        "SELECT SUM(CLAMP(weight, 0, 1)) FROM orders",
        "SELECT SUM(CLAMP(amount_fen, 5, 1)) FROM orders",
        "SELECT SUM(CLAMP(amount_fen, 0, 1.5)) FROM orders",
        "SELECT SUM(CLAMP(amount_fen, 0, 9007199254740991)) FROM orders",
        "SELECT SUM(CLAMP(amount_fen * 2, 0, 1)) FROM orders",
        "SELECT AVG(amount_fen) FROM orders",
        "SELECT MAX(amount_fen) FROM orders",
        "SELECT COUNT(*) + 1 FROM orders",
        "SELECT COUNT(*) AS n, COUNT(*) AS n FROM orders",
        "SELECT COUNT(*) AS \"a b\" FROM orders",
        "SELECT city, COUNT(*) FROM orders",
        "SELECT city, COUNT(*) FROM orders GROUP BY city",
        "SELECT city, COUNT(*) FROM orders WHERE city IN ('a') OR gift GROUP BY city",
        "SELECT city, COUNT(*) FROM orders WHERE city IN ('a', 'a') GROUP BY city",
        "SELECT city, COUNT(*) FROM orders WHERE city IN ('a') GROUP BY city, gift",
        "SELECT COUNT(*) FROM orders WHERE weight IN (1) GROUP BY weight",
        "SELECT COUNT(*) FROM orders WHERE city IN ('a') GROUP BY ROLLUP(city)",
        "SELECT city FROM orders WHERE city IN ('a') GROUP BY city",
        "SELECT COUNT(*) FROM orders WHERE city IN (SELECT city FROM orders)",
        "SELECT COUNT(*) FROM orders WHERE EXISTS (SELECT 1)",
        "SELECT COUNT(*) FROM orders WHERE CAST(city AS INTEGER) = 1",
        "SELECT COUNT(*) FROM orders WHERE 1 / amount_fen > 0",
        "SELECT COUNT(*) FROM orders WHERE amount_fen + 1 > 0",
        "SELECT COUNT(*) FROM orders WHERE LENGTH(city) = 1",
        "SELECT COUNT(*) FROM orders WHERE city = 1",
        "SELECT COUNT(*) FROM orders WHERE amount_fen = '1'",
        "SELECT COUNT(*) FROM orders WHERE amount_fen = 1.5",
        "SELECT COUNT(*) FROM orders WHERE amount_fen = weight",
        "SELECT COUNT(*) FROM orders WHERE \"day\" = '2026-01-01'",
        "SELECT COUNT(*) FROM orders WHERE \"day\" = DATE '2026-02-31'",
        "SELECT COUNT(*) FROM orders WHERE city = N'a'",
        "SELECT COUNT(*) FROM orders WHERE city = 'a' 'b'",
        "SELECT COUNT(*) FROM orders WHERE city = U&'\\0061'",
        "SELECT COUNT(*) FROM orders WHERE city = ?",
        "SELECT COUNT(*) FROM orders WHERE city = 'a' ESCAPE 'x'",
        "SELECT COUNT(*) FROM orders WHERE city LIKE 'a' ESCAPE 'x'",
        "SELECT COUNT(*) FROM orders WHERE city SIMILAR TO 'a'",
        "SELECT COUNT(*) FROM orders WHERE amount_fen BETWEEN SYMMETRIC 2 AND 1",
        "SELECT COUNT(*) FROM orders WHERE amount_fen IN ()",
        "SELECT COUNT(*) FROM orders WHERE TRUE",
        "SELECT COUNT(*) FROM orders WHERE city",
        "SELECT COUNT(*) FROM orders WHERE other.city = 'a'",
        "SELECT COUNT(*) FROM orders WHERE 'a' = 'a'",
        "SELECT COUNT(*) FROM orders WHERE (city, phone) = ('a', 'b')",
        "SELECT COUNT(*) FROM orders WHERE city = 上海",
        "SELECT /*+ hint */ COUNT(*) FROM orders",
        "SELECT COUNT(*)",
        "SELECT 1 FROM orders",
        ""
      })
  void anythingElse_isRefusedAtItsPlace(String sql) {
    Problem problem = refusal(sql);
    assertEquals(ErrorCode.UNSUPPORTED_SQL, problem.code(), problem::toString);
    assertTrue(problem.at().matches("what\\.sql( \\d+:\\d+)?"), problem::toString);
  }

  @Test
  void refusal_pointsAtLineColumnAndConstruct() {
    Problem problem = refusal("SELECT COUNT(*)\nFROM orders\nWHERE gift AND LOWER(city) = 'a'");
    assertEquals("what.sql 3:16", problem.at());
    assertEquals("LOWER(city)", problem.found());
    assertEquals("what.sql 2:6", refusal("SELECT COUNT(*)\nFROM nothing").at());
    assertEquals(
        ErrorCode.UNKNOWN_COLUMN, refusal("SELECT COUNT(*) FROM orders WHERE x = 1").code());
  }

  @Test
  void deepNesting_isRefusedWithoutAnOverflow() {
    String deep = "(".repeat(4000) + "gift" + ")".repeat(4000);
    assertEquals(
        ErrorCode.UNSUPPORTED_SQL, refusal("SELECT COUNT(*) FROM orders WHERE " + deep).code());
    String nots = "NOT ".repeat(2000) + "gift";
    assertEquals(
        ErrorCode.UNSUPPORTED_SQL, refusal("SELECT COUNT(*) FROM orders WHERE " + nots).code());
    String minus = "amount_fen = " + "- ".repeat(4000) + "1";
    assertEquals(
        ErrorCode.UNSUPPORTED_SQL, refusal("SELECT COUNT(*) FROM orders WHERE " + minus).code());
    String cases = "CASE WHEN ".repeat(800) + "gift";
    assertEquals(
        ErrorCode.UNSUPPORTED_SQL, refusal("SELECT COUNT(*) FROM orders WHERE " + cases).code());
    query("SELECT COUNT(*) FROM orders WHERE gift" + " AND gift".repeat(900));
  }
}

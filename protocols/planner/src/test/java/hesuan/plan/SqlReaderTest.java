package hesuan.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.Figure;
import hesuan.wire.JobSpec;
import hesuan.wire.Plan;
import hesuan.wire.Problem;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SqlReaderTest {
  static JobSpec job(String sql) {
    return job(sql, "epsilon: 1");
  }

  static JobSpec job(String sql, String privacy) {
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
            privacy: {unit: phone, %s, maxGroups: 2, maxRows: 5}
            outputs: [{name: n, to: [brand-a]}]
            """
                .formatted(privacy));
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
    return query(job(sql));
  }

  private static Plan.DpQuery query(JobSpec job) {
    PlanResult result = Market.plan(job);
    Plan plan = assertInstanceOf(PlanResult.Planned.class, result, result::toString).plan();
    return assertInstanceOf(Plan.DpQuery.class, plan.steps().getFirst());
  }

  private static Problem refusal(String sql) {
    return refusal(job(sql));
  }

  private static Problem refusal(JobSpec job) {
    PlanResult result = Market.plan(job);
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
    assertEquals(List.of("city"), query.keys());
    assertEquals(List.of(List.of("Xi'an"), List.of("上海")), query.groups());
    Epsilon third = new Epsilon(333_333);
    assertEquals(
        List.of(
            new Plan.Aggregate(Plan.AggregateKind.COUNT, "a0", "*", null, 0, 0, 1, third),
            new Plan.Aggregate(
                Plan.AggregateKind.COUNT_DISTINCT_UNIT, "a1", "phone", null, 0, 0, 1, third),
            new Plan.Aggregate(
                Plan.AggregateKind.SUM, "a2", "\"amount_fen\"", 0, 0, -100, 50_000, third)),
        query.aggregates());
    assertEquals(
        List.of(
            new Plan.Column("city", new Figure.Key(0)),
            new Plan.Column("buyers", new Figure.Noised(1)),
            new Plan.Column("count", new Figure.Noised(0)),
            new Plan.Column("sum_amount_fen", new Figure.Noised(2))),
        query.outcome().columns());
    assertEquals(
        "SELECT \"@unit\", CAST(\"city\" AS VARCHAR) AS \"@k0\", \"amount_fen\" AS \"@v0\" FROM \"@part\" AS \"@t\" WHERE ((\"amount_fen\" > 0) AND (\"city\" IN ('Xi''an', '上海')))",
        query.rows());
    assertEquals(2, query.maxGroups());
    assertEquals(5, query.maxRows());
  }

  @Test
  void step_sharesOutNoMoreThanTheJobsEpsilon() {
    for (int n = 1; n <= 16; n++) {
      StringBuilder sql = new StringBuilder("SELECT COUNT(*) AS a0");
      for (int i = 1; i < n; i++) {
        sql.append(", SUM(CLAMP(amount_fen, 0, ").append(i).append(")) AS a").append(i);
      }
      Plan.DpQuery query = query(sql + " FROM orders");
      long sum = query.aggregates().stream().mapToLong(a -> a.epsilon().micros()).sum();
      assertTrue(sum <= 1_000_000 && sum > 1_000_000 - n, "" + sum);
      assertEquals(List.of(), query.keys());
      assertEquals(List.of(List.of()), query.groups());
      assertTrue(query.rows().endsWith(" WHERE TRUE"), query.rows());
    }
  }

  private static final String WEIGHED =
      "SELECT COUNT(DISTINCT phone) AS buyers, AVG(CLAMP(amount_fen, 0, 9)) AS mean, SUM(CLAMP(amount_fen, 0, 9)) / COUNT(DISTINCT phone) AS apiece FROM orders HAVING COUNT(*) > 5";

  /** The count of people is in two columns and weighs as the heavier does. */
  @Test
  void weights_shareOutEpsilonExactly() {
    Plan.DpQuery query = query(job(WEIGHED, "epsilon: 1, weights: {mean: 3, apiece: 2}"));
    assertEquals(
        List.of(
            "COUNT 0.090909",
            "COUNT 0.272727",
            "COUNT_DISTINCT_UNIT 0.181818",
            "SUM 0.181818",
            "SUM_CENTRED 0.272727"),
        query.aggregates().stream().map(a -> a.kind() + " " + a.epsilon()).toList());
  }

  @Test
  void weights_neverComeToMoreThanEpsilon() {
    Random random = new Random(3);
    for (int i = 0; i < 200; i++) {
      long micros = 5000L + random.nextInt(995_000);
      String weights =
          "{buyers: %d, mean: %d, apiece: %d}"
              .formatted(
                  1 + random.nextInt(1000), 1 + random.nextInt(1000), 1 + random.nextInt(1000));
      Plan.DpQuery query =
          query(job(WEIGHED, "epsilon: %s, weights: %s".formatted(new Epsilon(micros), weights)));
      long sum = query.aggregates().stream().mapToLong(a -> a.epsilon().micros()).sum();
      assertTrue(sum <= micros && sum > micros - query.aggregates().size(), weights);
    }
  }

  @Test
  void privateKeys_areSelectedForAShareOfEpsilonAndAllOfDelta() {
    JobSpec job =
        job(
            "SELECT city, gift, COUNT(DISTINCT phone) AS people, COUNT(*) AS n FROM orders GROUP BY city, gift",
            "epsilon: 1, delta: 1e-6, keys: private, weights: {keys: 2}");
    Plan plan = assertInstanceOf(PlanResult.Planned.class, Market.plan(job)).plan();
    Plan.DpQuery query = (Plan.DpQuery) plan.steps().getFirst();
    assertEquals(List.of(), query.groups());
    assertEquals(
        new Plan.Selection(Epsilon.parse("0.5"), "0.000001", 50, 33_333, List.of("city", "gift")),
        query.selection());
    plan.charges()
        .forEach(
            c -> {
              assertEquals(Epsilon.parse("1"), c.epsilon());
              assertEquals("0.000001", c.delta());
              // 0.5 for the keys and 0.25 for each figure, squared and halved
              assertEquals("0.1875", c.rho().toString());
              assertEquals("0.000001", c.outside());
            });
    List<String> reveals = plan.reveals().stream().map(r -> r.to() + " " + r.what()).toList();
    assertEquals(
        List.of(
            "brand-a dpQuery.keysOfEachOwner",
            "mall-b dpQuery.selectedKeys",
            "pay-c dpQuery.selectedKeys",
            "brand-a dpQuery.noisedCells"),
        reveals);
    // Every party hears of keys, so each is a receiver of the column.
    assertTrue(
        plan.uses().stream()
            .anyMatch(
                u ->
                    u.column().equals("city")
                        && u.where().equals("query.keys")
                        && u.receivers().equals(List.of(Market.BRAND, Market.MALL, Market.PAY))));
  }

  @Test
  void privateKeys_thatArePublicAnyway_costNothing() {
    Plan.DpQuery query =
        query(
            job(
                "SELECT gift, COUNT(*) AS n FROM orders GROUP BY gift",
                "epsilon: 1, keys: private"));
    assertEquals(List.of(List.of("false"), List.of("true")), query.groups());
    assertNull(query.selection());
    assertEquals(Epsilon.parse("1"), query.aggregates().getFirst().epsilon());
  }

  @Test
  void privateKeys_withoutDelta_areRefused() {
    String sql = "SELECT city, COUNT(*) AS n FROM orders GROUP BY city";
    assertEquals("privacy.delta", refusal(job(sql, "epsilon: 1, delta: 0, keys: private")).at());
    assertEquals(
        "privacy.weights",
        refusal(job("SELECT COUNT(*) AS n FROM orders", "epsilon: 1, weights: {keys: 1}")).at());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SELECT COUNT(*) AS n FROM orders|epsilon: 1, weights: {m: 1}|privacy.weights",
        "SELECT city, COUNT(*) AS n FROM orders WHERE city = 'a' GROUP BY city|epsilon: 1, weights: {city: 1}|privacy.weights",
        "SELECT COUNT(*) AS n, COUNT(weight) AS m FROM orders|epsilon: 0.000002, weights: {m: 1000}|privacy.epsilon"
      })
  void weights_ofWhatHasNoNoise_areRefused(String sql, String privacy, String at) {
    assertEquals(at, refusal(job(sql, privacy)).at());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "city = 'a'|(\"city\" = 'a')",
        "'a' <> city|('a' <> \"city\")",
        "NOT city = 'a' OR gift|(\"gift\" OR (NOT (\"city\" = 'a')))",
        "amount_fen BETWEEN -5 AND 10|(\"amount_fen\" BETWEEN (-5) AND 10)",
        "amount_fen NOT BETWEEN 1 AND 2|(\"amount_fen\" NOT BETWEEN 1 AND 2)",
        "weight <= 1.50|(\"weight\" <= 1.50)",
        "weight < 1e3|(\"weight\" < 1000.0)",
        "weight < 3|(\"weight\" < 3)",
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
    String rows = query("SELECT COUNT(*) FROM orders WHERE " + where).rows();
    assertEquals("SELECT \"@unit\" FROM \"@part\" AS \"@t\" WHERE " + duckdb, rows);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT COUNT(*), QUANTILE(CLAMP(amount_fen, 0, 9), 1.5) AS q FROM orders",
        "SELECT COUNT(*), QUANTILE(CLAMP(amount_fen, 0, 9)) AS q FROM orders",
        "SELECT COUNT(*), VAR_POP(CLAMP(amount_fen, 0, 9)) AS q FROM orders",
        "SELECT COUNT(*) AS n FROM orders HAVING city = 'a'",
        "SELECT COUNT(*) AS n FROM orders HAVING amount_fen > 1",
        "SELECT COUNT(*) + amount_fen AS n FROM orders",
        "SELECT COUNT(*) + 1 FROM orders",
        "SELECT COUNT(*) > 1 AS n FROM orders",
        "SELECT COUNT(*) AS n FROM orders ORDER BY 2",
        "SELECT COUNT(*) AS n FROM orders ORDER BY 0 DESC",
        "SELECT city, COUNT(*) AS n FROM orders WHERE city IN ('a') GROUP BY 3",
        "SELECT city, COUNT(*) AS n FROM orders WHERE city IN ('a') GROUP BY 2",
        "SELECT COUNT(*) AS n FROM orders LIMIT 4294967297",
        "SELECT COUNT(*) AS n FROM orders ORDER BY city",
        "SELECT COUNT(*) AS n FROM orders LIMIT 0",
        "SELECT COUNT(*) AS n FROM orders LIMIT 1.5",
        "SELECT COUNT(COUNT(*)) AS n FROM orders",
        "SELECT COUNT(*) AS weight FROM orders",
        "SELECT COUNT(*) AS n, COUNT(*) AS n_low FROM orders",
        "SELECT phone, COUNT(*) AS n FROM orders WHERE phone IN ('1') GROUP BY phone",
        "SELECT city AS weight, COUNT(*) FROM orders WHERE city IN ('a') GROUP BY city",
        "SELECT city, COUNT(*) FROM orders WHERE city IN ('a') GROUP BY city, city",
        "SELECT 1 AS one, COUNT(*) FROM orders GROUP BY one",
        "SELECT AVG(CLAMP(amount_fen, 0, 9)) OVER () AS a FROM orders",
        "SELECT COUNT(*) FROM orders WHERE amount_fen / gift > 1",
        "SELECT COUNT(*) FROM orders WHERE amount_fen / 0 > 1",
        "SELECT COUNT(*) FROM orders WHERE amount_fen / amount_fen > 1",
        "SELECT COUNT(*) FROM orders WHERE weight > 0.0000001",
        "SELECT COUNT(*) FROM orders WHERE DATE_TRUNC('minute', \"day\") = \"day\"",
        "SELECT COUNT(*) FROM orders WHERE EXTRACT(DOY FROM \"day\") = 1",
        "SELECT COUNT(*) FROM orders WHERE COALESCE(city) = 'a'",
        "WITH o AS (SELECT city FROM orders) SELECT COUNT(*) FROM o, orders",
        "WITH o AS (SELECT city FROM orders LIMIT 5) SELECT COUNT(*) FROM o",
        "WITH o AS (SELECT DISTINCT city FROM orders) SELECT COUNT(*) FROM o",
        "WITH o AS (SELECT city, COUNT(*) AS n FROM orders GROUP BY city) SELECT COUNT(*) FROM o",
        "WITH o AS (SELECT phone, city FROM orders GROUP BY phone) SELECT COUNT(*) FROM o",
        "WITH o AS (SELECT phone, AVG(amount_fen) AS n FROM orders GROUP BY phone) SELECT COUNT(*) FROM o",
        "WITH o AS (SELECT amount_fen * 2 FROM orders) SELECT COUNT(*) FROM o",
        // sums of doubles hang on the order of rows, however they are named
        "WITH o AS (SELECT phone, SUM(weight * 2) AS s FROM orders GROUP BY phone) SELECT COUNT(*) FROM o",
        "WITH o AS (SELECT phone, SUM(- weight) AS s FROM orders GROUP BY phone) SELECT COUNT(*) FROM o",
        "WITH o AS (SELECT phone, SUM(COALESCE(weight, 0.5)) AS s FROM orders GROUP BY phone) SELECT COUNT(*) FROM o",
        "WITH o AS (SELECT phone, SUM(CASE WHEN gift THEN weight END) AS s FROM orders GROUP BY phone) SELECT COUNT(*) FROM o",
        "WITH w AS (SELECT phone, - weight AS less FROM orders), o AS (SELECT phone, SUM(less) AS s FROM w GROUP BY phone) SELECT COUNT(*) FROM o",
        "WITH w AS (SELECT phone, MAX(COALESCE(weight, 0.5)) AS m FROM orders GROUP BY phone), o AS (SELECT phone, SUM(m) AS s FROM w GROUP BY phone) SELECT COUNT(*) FROM o",
        "WITH orders AS (SELECT city FROM orders) SELECT COUNT(*) FROM orders",
        "WITH RECURSIVE o AS (SELECT city FROM orders) SELECT COUNT(*) FROM o",
        "WITH r(city) AS (VALUES ('a'), ('a')) SELECT COUNT(*) FROM orders o JOIN r ON o.city = r.city",
        "WITH r(city) AS (VALUES ('a'), (1)) SELECT COUNT(*) FROM orders o JOIN r ON o.city = r.city",
        "WITH r(city) AS (VALUES ('a', 'b')) SELECT COUNT(*) FROM orders o JOIN r ON o.city = r.city",
        "WITH r(city) AS (VALUES ('a')) SELECT COUNT(*) FROM orders o LEFT JOIN r ON o.city = r.city",
        "WITH r(city) AS (VALUES ('a')) SELECT COUNT(*) FROM orders o JOIN r ON o.city > r.city",
        "WITH r(city) AS (VALUES ('a')) SELECT COUNT(*) FROM orders o JOIN r USING (city)",
        "WITH r(city) AS (VALUES ('a')) SELECT COUNT(*) FROM orders o, r",
        "WITH r(city) AS (VALUES ('a')) SELECT COUNT(*) FROM r",
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
        "SELECT COUNT(*) OVER () FROM orders",
        "SELECT COUNT(*) FILTER (WHERE gift) FROM orders",
        "SELECT COUNT(DISTINCT city) FROM orders",
        "SELECT COUNT(DISTINCT phone, city) FROM orders",
        "SELECT SUM(DISTINCT CLAMP(amount_fen, 0, 1)) FROM orders",
        "SELECT SUM(CLAMP(amount_fen, 5, 1)) FROM orders",
        // bounds are written, never found
        "SELECT SUM(CLAMP(amount_fen, 0, amount_fen)) FROM orders",
        "SELECT SUM(CLAMP(amount_fen, 0, MAX(amount_fen))) FROM orders",
        "SELECT SUM(CLAMP(amount_fen, 0, COUNT(*))) FROM orders",
        "SELECT SUM(CLAMP(amount_fen, 0, 5 + 4)) FROM orders",
        "SELECT SUM(CLAMP(amount_fen, 0, NULL)) FROM orders",
        "SELECT SUM(CLAMP(amount_fen, 0, (SELECT MAX(amount_fen) FROM orders))) FROM orders",
        "WITH o AS (SELECT phone, MAX(amount_fen) AS m FROM orders GROUP BY phone) SELECT SUM(CLAMP(m, 0, m)) FROM o",
        "WITH b(low, high) AS (VALUES (0, 9)) SELECT SUM(CLAMP(amount_fen, low, high)) FROM orders JOIN b ON amount_fen = low",
        "SELECT SUM(CLAMP(amount_fen, 0, 1.5)) FROM orders",
        "SELECT SUM(CLAMP(amount_fen * 2, 0, 1)) FROM orders",
        "SELECT MAX(amount_fen) FROM orders",
        "SELECT COUNT(*) AS n, COUNT(*) AS n FROM orders",
        "SELECT COUNT(*) AS \"a b\" FROM orders",
        "SELECT city, COUNT(*) FROM orders",
        "SELECT city, COUNT(*) FROM orders WHERE city IN ('a', 'a') GROUP BY city",
        "SELECT COUNT(*) FROM orders WHERE weight IN (1) GROUP BY weight",
        "SELECT COUNT(*) FROM orders WHERE city IN ('a') GROUP BY ROLLUP(city)",
        "SELECT city FROM orders WHERE city IN ('a') GROUP BY city",
        "SELECT COUNT(*) FROM orders WHERE city IN (SELECT city FROM orders)",
        "SELECT COUNT(*) FROM orders WHERE EXISTS (SELECT 1)",
        "SELECT COUNT(*) FROM orders WHERE CAST(city AS INTEGER) = 1",
        "SELECT COUNT(*) FROM orders WHERE 1 / amount_fen > 0",
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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "SELECT SUM(amount_fen) AS s FROM orders|HS1011|what.sql 1:12|SUM(CLAMP(amount_fen, low, high))",
        "SELECT AVG(amount_fen) AS s FROM orders|HS1011|what.sql 1:12|AVG(CLAMP(amount_fen, low, high))",
        "SELECT city, COUNT(*) FROM orders GROUP BY city|HS1012|what.sql 1:44|WHERE city IN (...), or privacy.keys: private",
        "SELECT city, COUNT(*) FROM orders WHERE city IN ('a') OR gift GROUP BY city|HS1012|what.sql 1:72|WHERE city IN (...), or privacy.keys: private",
        "SELECT COUNT(*), SUM(CLAMP(amount_fen, 0, 9007199254740991)) AS s FROM orders|HS1013|what.sql 1:18|3 parties x 70000 rows x 9007199254740991 below 2^62",
        "SELECT COUNT(*) FROM orders WHERE amount_fen * amount_fen * 9 > 1|HS1013|what.sql 1:35|integers below 2^127",
        "SELECT SUM(CLAMP(amount_fen, 0, 9)) AS s FROM orders|HS1003|what.sql 1:8|COUNT(DISTINCT phone) AS people, to hold privacy.minGroup: 50 against",
        "SELECT COUNT(*) FROM orders WHERE town = 'a'|HS2004|what.sql 1:35|one of [orders.amount_fen, orders.city, orders.day, orders.gift, orders.phone, orders.weight]"
      })
  void refusal_namesTheSmallestChange(String sql, String code, String at, String expected) {
    Problem problem = refusal(sql);
    assertEquals(code, problem.code().code(), problem::toString);
    assertEquals(at, problem.at());
    assertEquals(expected, problem.expected());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "SELECT CASE WHEN amount_fen > 9 THEN 'b' ELSE 'a' END AS k, COUNT(*) FROM orders GROUP BY k|[[a], [b]]",
        "SELECT gift, COUNT(*) FROM orders GROUP BY gift|[[false], [true]]",
        "SELECT EXTRACT(QUARTER FROM \"day\") AS q, COUNT(*) FROM orders GROUP BY q|[[1], [2], [3], [4]]",
        "SELECT DATE_TRUNC('month', \"day\") AS m, COUNT(*) FROM orders WHERE \"day\" >= DATE '2026-01-15' AND \"day\" < DATE '2026-03-01' GROUP BY m|[[2026-01-01], [2026-02-01]]",
        "SELECT FLOOR(\"day\" TO YEAR) AS y, COUNT(*) FROM orders WHERE \"day\" BETWEEN DATE '2025-12-31' AND DATE '2026-03-01' GROUP BY y|[[2025-01-01], [2026-01-01]]",
        "SELECT amount_fen, COUNT(*) FROM orders WHERE amount_fen IN (10, 9, 100) GROUP BY amount_fen|[[9], [10], [100]]",
        "SELECT gift, city, COUNT(*) FROM orders WHERE city = 'x' GROUP BY gift, city|[[false, x], [true, x]]",
        "WITH r(c, z) AS (VALUES ('a', 'n'), ('b', 's'), ('d', 'n')) SELECT z, COUNT(*) FROM orders JOIN r ON city = c GROUP BY z|[[n], [s]]",
        "WITH r(c, z) AS (VALUES ('a', 'n'), ('b', 's')) SELECT z, c, COUNT(*) FROM orders JOIN r ON city = r.c GROUP BY z, c|[[n, a], [s, b]]",
        "WITH o AS (SELECT city AS town FROM orders WHERE city IN ('q')) SELECT town, COUNT(*) FROM o GROUP BY town|[[q]]",
        "WITH o AS (SELECT phone, SUM(amount_fen) AS s FROM orders GROUP BY phone) SELECT CASE WHEN s > 9 THEN 'b' WHEN s > 1 THEN 'a' END AS k, COUNT(*) FROM o GROUP BY k|[[a], [b]]"
      })
  void groups_thatAreKnownWithoutTheRows(String sql, String groups) {
    assertEquals(groups, query(sql).groups().toString());
  }

  @Test
  void rows_ofEveryClause_areOneText() {
    assertEquals(
        "SELECT \"@unit\", CAST(\"@d0_region\" AS VARCHAR) AS \"@k0\", \"spent\" AS \"@v0\" FROM (SELECT \"@unit\", min(\"phone\") AS \"phone\", min(\"city\") AS \"city\", sum(\"amount_fen\") AS \"spent\" FROM \"@part\" AS \"@t\" WHERE (\"day\" >= DATE '2026-09-01') GROUP BY \"@unit\") AS \"@t\" JOIN (VALUES ('a', 'east'), ('b', 'west')) AS \"@d0\"(\"@d0_city\", \"@d0_region\") ON (\"city\" = \"@d0_city\") WHERE (\"spent\" > 0)",
        query(
                """
                WITH people AS (SELECT phone, MIN(city) AS city, SUM(amount_fen) AS spent
                                FROM orders WHERE "day" >= DATE '2026-09-01' GROUP BY phone),
                     regions(city, region) AS (VALUES ('a', 'east'), ('b', 'west'))
                SELECT region, COUNT(DISTINCT p.phone) AS n, AVG(CLAMP(spent, 0, 1000)) AS mean
                FROM people p JOIN regions r ON r.city = p.city WHERE spent > 0 GROUP BY region
                """)
            .rows());
  }

  @Test
  void figures_thatAreMetTwice_areOneAndArePaidOnce() {
    Plan.DpQuery query =
        query(
            """
            SELECT COUNT(*) AS n, AVG(CLAMP(amount_fen, 0, 10)) AS mean,
              STDDEV(CLAMP(amount_fen, 0, 10)) AS spread, SUM(CLAMP(amount_fen, 0, 10)) / COUNT(*) AS ratio
            FROM orders HAVING n > 5 AND AVG(CLAMP(amount_fen, 0, 10)) < 9 ORDER BY mean DESC LIMIT 3 OFFSET 1
            """);
    assertEquals(
        List.of(
            Plan.AggregateKind.COUNT,
            Plan.AggregateKind.COUNT,
            Plan.AggregateKind.SUM,
            Plan.AggregateKind.SUM_CENTRED,
            Plan.AggregateKind.SUM_SQUARED),
        query.aggregates().stream().map(Plan.Aggregate::kind).toList());
    assertEquals(new Epsilon(200_000), query.aggregates().getFirst().epsilon());
    assertEquals(new Figure.Mean(3, 1), query.outcome().columns().get(1).figure());
    assertEquals(new Figure.Spread(3, 4, 1, true), query.outcome().columns().get(2).figure());
    assertEquals(3, query.outcome().limit());
    assertEquals(1, query.outcome().offset());
    assertEquals(List.of(new Plan.Order(new Figure.Mean(3, 1), true)), query.outcome().order());
  }

  @Test
  void numbersOfItems_meanTheItems() {
    String band = "CASE WHEN gift THEN 'x' ELSE 'y' END AS k ";
    Plan.DpQuery named =
        query("SELECT COUNT(*) AS n, " + band + "FROM orders GROUP BY k ORDER BY n DESC, k");
    Plan.DpQuery numbered =
        query("SELECT COUNT(*) AS n, " + band + "FROM orders GROUP BY 2 ORDER BY 1 DESC, 2");
    assertEquals(named, numbered);
    assertEquals(2, numbered.outcome().order().size());
  }

  /**
   * What is noised does not depend on how the question is put, so asking again buys nothing new.
   */
  @Test
  void rephrasing_changesNothingThatIsNoised() {
    Plan.DpQuery one =
        query(
            "SELECT city, COUNT(*) AS n, SUM(CLAMP(amount_fen, 0, 9)) AS s FROM orders WHERE gift AND city IN ('a', 'b') GROUP BY city");
    Plan.DpQuery other =
        query(
            "SELECT SUM(CLAMP(o.amount_fen, 0, 9)) AS t, o.city AS c, COUNT(*) AS m FROM orders o WHERE o.city IN ('b', 'a') AND gift GROUP BY o.city ORDER BY t");
    assertEquals(one.rows(), other.rows());
    assertEquals(one.groups(), other.groups());
    assertEquals(one.aggregates(), other.aggregates());
  }

  @Test
  void decimals_areSummedInTheUnitsThatAreWritten() {
    Plan.Aggregate sum =
        query("SELECT COUNT(*), SUM(CLAMP(weight, 0.00, 30.5)) AS s FROM orders")
            .aggregates()
            .get(1);
    assertEquals(2, sum.decimals());
    assertEquals(0, sum.lower());
    assertEquals(3050, sum.upper());
  }

  /** Whoever is asked for a use learns where it stands, also when a CTE renamed the column. */
  @Test
  void reads_followTheColumnThroughTheQuery() {
    List<String> reads =
        query(
                """
                WITH o AS (SELECT phone, weight AS w, CASE WHEN gift THEN 1 ELSE 0 END AS g FROM orders
                           WHERE amount_fen > 0)
                SELECT COUNT(DISTINCT phone) AS n, SUM(CLAMP(g, 0, 1)) AS gifts FROM o WHERE w > 1
                """)
            .reads()
            .stream()
            .map(r -> r.column() + " " + r.use().text() + " " + r.where())
            .toList();
    assertEquals(
        List.of(
            "phone compute privacy.unit",
            "amount_fen aggregate what.sql 2:18 amount_fen > 0",
            "weight aggregate what.sql 3:78 w > 1",
            "phone aggregate what.sql 3:8 COUNT(DISTINCT phone)",
            "gift aggregate what.sql 3:36 SUM(CLAMP(g, 0, 1))"),
        reads);
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

  private static final String JOINED =
      """
      SELECT m.city, COUNT(DISTINCT phone) AS people, AVG(CLAMP(o.amount_fen, 0, 100)) AS mean
      FROM orders o JOIN members m USING (phone)
      WHERE m.city IN ('b', 'a') AND o.amount_fen > 0 AND tier >= 2 AND weight < 3
      GROUP BY m.city HAVING people > 60 ORDER BY mean DESC LIMIT 1
      """;

  private static JobSpec joinJob(String sql, String privacy) {
    return JobReader.read(
        """
        apiVersion: hesuan/v1
        kind: Job
        metadata: {name: a-job}
        purpose: {code: market.insight}
        contract: ctr-autumn
        inputs: {orders: mall-b/orders@1, members: brand-a/members@1}
        what:
          sql: |
            %s
        privacy: {unit: phone, epsilon: 1, maxRows: 5%s}
        outputs: [{name: n, to: [brand-a, mall-b]}]
        """
            .formatted(sql.strip().replace("\n", "\n    "), privacy));
  }

  private static Plan joinPlan(String sql, String privacy) {
    PlanResult result = Market.plan(joinJob(sql, privacy));
    return assertInstanceOf(PlanResult.Planned.class, result, result::toString).plan();
  }

  @Test
  void join_hasGroupsOfOneOwnerAndFiguresOfTheOther() {
    Plan plan = joinPlan(JOINED, ", delta: 1e-6, weights: {matches: 2, mean: 2}");
    Plan.JoinQuery join = assertInstanceOf(Plan.JoinQuery.class, plan.steps().getFirst());
    assertEquals(Market.BRAND, plan.leader());
    assertEquals("[brand-a/members@1, mall-b/orders@1]", join.products().toString());
    assertEquals(
        "SELECT \"@unit\", CAST(\"city\" AS VARCHAR) AS \"@k0\" FROM \"@part\" AS \"@t\" WHERE (\"city\" IN ('a', 'b')) AND (\"tier\" >= 2)",
        join.groupRows());
    assertEquals(
        "SELECT \"@unit\", \"amount_fen\" AS \"@v0\" FROM \"@part\" AS \"@t\" WHERE (\"amount_fen\" > 0) AND (\"weight\" < 3)",
        join.figures().rows());
    assertEquals(List.of(List.of("a"), List.of("b")), join.figures().groups());
    assertEquals(1, join.figures().outcome().limit());
    // people 1, the two figures of the mean 2 each, matches 2
    assertEquals("0.285714", join.matchesEpsilon().toString());
    plan.charges()
        .forEach(
            c -> {
              assertTrue(c.epsilon().compareTo(Epsilon.parse("1")) <= 0);
              assertEquals("0.000001", c.delta());
            });
    assertEquals(
        List.of("phone compute", "city aggregate", "tier aggregate", "city aggregate"),
        join.groupReads().stream().map(r -> r.column() + " " + r.use().text()).toList());
    assertEquals(
        List.of("phone", "amount_fen", "weight", "phone", "amount_fen"),
        join.figures().reads().stream().map(Plan.Read::column).toList());
    assertTrue(
        plan.uses().stream()
            .anyMatch(
                u -> u.column().equals("phone") && u.use() == hesuan.wire.Disclosure.JOIN_KEY));
    assertEquals(plan, hesuan.wire.Json.read(hesuan.wire.Json.canonical(plan), Plan.class));
  }

  @Test
  void join_withHiddenMatches_spendsNothingOnThem() {
    Plan plan = joinPlan(JOINED, ", matches: hidden, delta: 0");
    Plan.JoinQuery join = assertInstanceOf(Plan.JoinQuery.class, plan.steps().getFirst());
    assertEquals(Plan.Matches.HIDDEN, join.matches());
    assertEquals(Epsilon.ZERO, join.matchesEpsilon());
    plan.charges().forEach(c -> assertEquals("0", c.delta()));
    assertTrue(plan.reveals().stream().noneMatch(r -> r.what().equals("join.noisedMatches")));
  }

  @Test
  void join_withoutKeys_isOneGroupOfTheOtherOwner() {
    Plan plan =
        joinPlan(
            "SELECT COUNT(DISTINCT m.phone) AS people, SUM(CLAMP(amount_fen, 0, 9)) AS s FROM orders o JOIN members m ON m.phone = o.phone WHERE tier = 1",
            "");
    Plan.JoinQuery join = assertInstanceOf(Plan.JoinQuery.class, plan.steps().getFirst());
    assertEquals(Market.BRAND, plan.leader());
    assertEquals(List.of(List.of()), join.figures().groups());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "m.city, SUM(CLAMP(m.tier, 0, 9)) AS s|o JOIN members m USING (phone)|m.city IN ('a')|a value of o: groups are of one owner, figures of the other",
        "m.city, COUNT(*) AS n|o JOIN members m USING (phone)|m.city IN ('a') AND o.amount_fen > m.tier|an expression over columns of o or of m, not of both",
        "city, COUNT(*) AS n|o JOIN members m USING (phone)|tier = 1|o.city or m.city",
        "m.city, COUNT(*) AS n|o JOIN members m USING (city)|m.city IN ('a')|JOIN m USING (phone), the person in both",
        "m.city, COUNT(*) AS n|o LEFT JOIN members m USING (phone)|m.city IN ('a')|JOIN m USING (phone), the person in both",
        "m.city, COUNT(*) AS n, MEDIAN(CLAMP(amount_fen, 0, 9)) AS q|o JOIN members m USING (phone)|m.city IN ('a')|at most 4 noised figures over a join, no MEDIAN or QUANTILE, not 2",
        "m.city, COUNT(*) AS n|o JOIN members m USING (phone)|o.amount_fen > 1|keys listed in WHERE ... IN (...)"
      })
  void join_thatCannotBe_isRefusedWithTheSmallestChange(
      String items, String from, String where, String expected) {
    Problem problem =
        refusal(
            joinJob(
                "SELECT %s FROM orders %s WHERE %s GROUP BY %s"
                    .formatted(items, from, where, items.substring(0, items.indexOf(','))),
                ", keys: private"));
    assertTrue(problem.expected().startsWith(expected), problem::toString);
    assertTrue(problem.at().startsWith("what.sql 1:"), problem::toString);
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
    String many = "'a'";
    String values = "('a', 1)";
    for (int i = 0; i < 3000; i++) {
      many += ", 'city" + i + "'";
      values += ", ('city" + i + "', 1)";
    }
    assertEquals(
        3001,
        query("SELECT city, COUNT(*) FROM orders WHERE city IN (" + many + ") GROUP BY city")
            .groups()
            .size());
    assertEquals(
        3001,
        query(
                "WITH r(c, n) AS (VALUES "
                    + values
                    + ") SELECT c, COUNT(*) FROM orders JOIN r ON city = c GROUP BY c")
            .groups()
            .size());
  }
}

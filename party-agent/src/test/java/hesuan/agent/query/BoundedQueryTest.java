package hesuan.agent.query;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.dp.QueryNoise;
import hesuan.plan.JobReader;
import hesuan.plan.PlanResult;
import hesuan.plan.Planner;
import hesuan.plan.PublishedProduct;
import hesuan.wire.Contract;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.Disclosure;
import hesuan.wire.Epsilon;
import hesuan.wire.IdRule;
import hesuan.wire.JobId;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Product;
import hesuan.wire.Product.ColumnType;
import hesuan.wire.ProductRef;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.duckdb.DuckDBConnection;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Whole SQL plans on one owner's part: what one person can move, and what nobody's rows can: the
 * shape of the answer, whether there is one, and what the order of the rows says.
 */
class BoundedQueryTest {
  private static final LocalDate TODAY = LocalDate.of(2026, 11, 21);
  private static final int PEOPLE = 12;

  private static final List<String> QUESTIONS =
      List.of(
          "SELECT city, COUNT(*) AS n, COUNT(DISTINCT id) AS people, SUM(CLAMP(amount, -20, 50)) AS s FROM t WHERE city IN ('a', 'b', 'c') GROUP BY city",
          "SELECT city, COUNT(amount) AS n, AVG(CLAMP(amount, 0, 50)) AS m, VARIANCE(CLAMP(amount, 0, 50)) AS v FROM t WHERE city IN ('a', 'b', 'c') AND gift GROUP BY city",
          "SELECT COUNT(*) AS n, MEDIAN(CLAMP(amount * 3 - weight, -10.5, 99.5)) AS q FROM t WHERE NOT gift",
          "SELECT DATE_TRUNC('month', \"day\") AS m, gift, COUNT(*) AS n, SUM(CLAMP(CASE WHEN gift THEN amount ELSE 1 END, 0, 9)) AS s FROM t WHERE \"day\" BETWEEN DATE '2026-01-01' AND DATE '2026-03-31' GROUP BY m, gift",
          "WITH p AS (SELECT id, SUM(amount) AS s, COUNT(*) AS n FROM t GROUP BY id) SELECT CASE WHEN s > 60 THEN 'much' ELSE 'little' END AS k, COUNT(*) AS people, SUM(CLAMP(n, 0, 7)) AS rows_ FROM p GROUP BY k",
          "WITH r(c, z) AS (VALUES ('a', 1), ('b', 2), ('c', 2)) SELECT z, COUNT(*) AS n, SUM(CLAMP(z * amount, 0, 100)) AS s FROM t JOIN r ON city = c GROUP BY z",
          // A public table with a row for each person: every group is one person's.
          "WITH who(p, z) AS (VALUES ('p0', 'zero'), ('p1', 'one'), ('p2', 'two'), ('p3', 'three')) SELECT z, COUNT(*) AS n, COUNT(DISTINCT t.id) AS people, SUM(CLAMP(amount, 0, 50)) AS s FROM t JOIN who ON t.id = p GROUP BY z");

  private record Row(
      String id,
      @Nullable String city,
      @Nullable Long amount,
      String weight,
      @Nullable String day,
      @Nullable Boolean gift) {
    String sql() {
      return "('%s', %s, %s, %s, %s, %s)"
          .formatted(
              id,
              city == null ? "NULL" : "'" + city + "'",
              amount,
              weight,
              day == null ? "NULL" : "DATE '" + day + "'",
              gift);
    }
  }

  private static Plan.DpQuery query(String sql, int maxGroups, int maxRows) {
    PlanResult result = planned(sql, maxGroups, maxRows);
    return (Plan.DpQuery)
        assertInstanceOf(PlanResult.Planned.class, result, result::toString)
            .plan()
            .steps()
            .getFirst();
  }

  private static PlanResult planned(String sql, int maxGroups, int maxRows) {
    Map<ProductRef, PublishedProduct> products = new TreeMap<>();
    for (String ref : List.of("shop-a/t@1", "shop-b/t@1")) {
      Product product =
          new Product(
              Product.VERSION,
              ProductRef.parse(ref),
              ref,
              List.of(
                  new Product.Column("id", ColumnType.STRING),
                  new Product.Column("city", ColumnType.STRING),
                  new Product.Column("amount", ColumnType.INTEGER),
                  new Product.Column("weight", ColumnType.DECIMAL),
                  new Product.Column("day", ColumnType.DATE),
                  new Product.Column("gift", ColumnType.BOOLEAN)),
              new Product.Id("id", IdRule.OPAQUE),
              List.of(
                  new Product.DisclosureRule(
                      "*", Disclosure.AGGREGATE, List.of("*"), List.of("*"), TODAY)),
              new Product.Terms(1, Epsilon.parse("1")),
              Digest.of(ref),
              1000);
      products.put(product.ref(), PublishedProduct.of(product));
    }
    List<PartyId> shops = List.of(new PartyId("shop-a"), new PartyId("shop-b"));
    Contract contract =
        new Contract(
            Product.VERSION,
            new ContractId("ctr-x"),
            shops.stream().map(p -> new Contract.Member(p, Digest.of("keys of " + p))).toList(),
            List.of("test"),
            List.of("shop-a/t"),
            List.of("dpQuery"),
            List.of(new Contract.Output("aggregate", shops)),
            TODAY,
            TODAY,
            100,
            List.of());
    return Planner.plan(
        JobReader.read(
            """
                apiVersion: hesuan/v1
                kind: Job
                metadata: {name: x}
                purpose: {code: test}
                contract: ctr-x
                inputs: {t: [shop-a/t@1, shop-b/t@1]}
                what:
                  sql: |
                    %s
                privacy: {unit: id, epsilon: 1, minGroup: 1, maxGroups: %d, maxRows: %d, keys: private}
                outputs: [{name: x, to: [shop-a]}]
                """
                .formatted(sql, maxGroups, maxRows)),
        JobId.of(shops.getFirst(), "some-token"),
        products,
        contract,
        TODAY);
  }

  private static long[] cells(Plan.DpQuery query, List<Row> rows, long secret, int rowsMax)
      throws SQLException {
    return asked(rows, duck -> new BoundedQuery(query, "id", secret, rowsMax).run(duck));
  }

  /**
   * What a part says of private groups: their people, and what those that are asked for come to.
   */
  private static Selected selected(
      Plan.DpQuery query, List<Row> rows, int rowsMax, String... groups) throws SQLException {
    return asked(
        rows,
        duck -> {
          SelectedQuery part = SelectedQuery.open(query, "id", 42, duck, rowsMax);
          return new Selected(
              new TreeMap<>(
                  part.people().entrySet().stream()
                      .collect(
                          Collectors.toMap(
                              e -> String.join("/", e.getKey()), Map.Entry::getValue))),
              part.cells(
                  query.withGroups(Stream.of(groups).map(g -> List.of(g.split("/"))).toList())));
        });
  }

  private record Selected(Map<String, Long> people, long[] cells) {}

  private interface Asking<T> {
    T of(DuckDBConnection duck) throws SQLException;
  }

  private static <T> T asked(List<Row> rows, Asking<T> asking) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("jdbc_stream_results", "true");
    try (DuckDBConnection duck =
            (DuckDBConnection) DriverManager.getConnection("jdbc:duckdb:", properties);
        Statement statement = duck.createStatement()) {
      statement.execute(
          "CREATE TABLE visible (id VARCHAR, city VARCHAR, amount BIGINT, weight DECIMAL(18,6), \"day\" DATE, gift BOOLEAN)");
      statement.execute(
          "INSERT INTO visible VALUES " + String.join(", ", rows.stream().map(Row::sql).toList()));
      statement.execute(
          "CREATE TABLE person AS SELECT DISTINCT id AS raw, CAST(hash(id) >> 1 AS BIGINT) AS unit FROM visible");
      return asking.of(duck);
    }
  }

  private static long[] cells(Plan.DpQuery query, List<Row> rows) throws SQLException {
    return cells(query, rows, 42, 1 << 20);
  }

  private static Row row(Random random, String id) {
    return new Row(
        id,
        random.nextInt(9) == 0 ? null : List.of("a", "b", "c", "d").get(random.nextInt(4)),
        random.nextInt(9) == 0 ? null : (long) random.nextInt(-30, 80),
        random.nextInt(40) + "." + random.nextInt(10),
        random.nextInt(9) == 0 ? null : "2026-0" + (1 + random.nextInt(4)) + "-15",
        random.nextInt(9) == 0 ? null : random.nextBoolean());
  }

  private static List<Row> rows(Random random) {
    List<Row> rows = new ArrayList<>();
    for (int p = 0; p < PEOPLE; p++) {
      for (int i = 0; i < 1 + random.nextInt(20); i++) {
        rows.add(row(random, "p" + p));
      }
    }
    Collections.shuffle(rows, random);
    return rows;
  }

  private static List<Row> without(List<Row> rows, String id) {
    return rows.stream().filter(r -> !r.id.equals(id)).toList();
  }

  /**
   * How far the cells of each aggregate are apart (L1), as a share of what is allowed; the worst.
   */
  private static double moved(Plan.DpQuery query, long[] one, long[] other) {
    double worst = 0;
    int cell = 0;
    for (Plan.Aggregate aggregate : query.aggregates()) {
      long distance = 0;
      for (int i = 0; i < QueryNoise.width(aggregate) * query.groups().size(); i++, cell++) {
        distance += Math.abs(one[cell] - other[cell]);
      }
      worst = Math.max(worst, (double) distance / QueryNoise.sensitivity(query, aggregate));
    }
    assertEquals(one.length, cell);
    return worst;
  }

  private static double worst(int ranWithGroups, int ranWithRows) throws SQLException {
    double worst = 0;
    Random random = new Random(5);
    for (String question : QUESTIONS) {
      Plan.DpQuery promised = query(question, 2, 3);
      Plan.DpQuery ran = query(question, ranWithGroups, ranWithRows);
      for (int i = 0; i < 5; i++) {
        List<Row> rows = rows(random);
        long[] with = cells(ran, rows);
        long[] less = cells(ran, without(rows, busiest(rows)));
        assertEquals(with.length, less.length);
        worst = Math.max(worst, moved(promised, with, less));
      }
    }
    return worst;
  }

  private static final String PRIVATE =
      "SELECT city, day, COUNT(*) AS n, COUNT(DISTINCT id) AS people, SUM(CLAMP(amount, -20, 50)) AS s FROM t WHERE gift GROUP BY city, \"day\""
          .replace(" day,", " \"day\",");

  private static final String[] ASKED = {
    "a/2026-01-15", "a/2026-02-15", "b/2026-01-15", "c/2026-03-15", "nowhere/2026-01-15"
  };

  /**
   * Selection and figures alike: all groups of a person count, not only those that are asked for.
   */
  private static double worstSelected(int ranWithGroups, int ranWithRows) throws SQLException {
    Plan.DpQuery promised = query(PRIVATE, 2, 3);
    Plan.DpQuery ran = query(PRIVATE, ranWithGroups, ranWithRows);
    double worst = 0;
    for (int i = 0; i < 12; i++) {
      List<Row> rows = rows(new Random(20 + i));
      // Rows of the person alone come before all others in the order of groups.
      List<Row> more = new ArrayList<>(rows);
      for (int k = 0; k < 5; k++) {
        more.add(new Row("lone", "A" + k, 5L, "1", "2025-01-15", true));
        more.add(new Row("lone", "a", 50L, "1", "2026-01-15", true));
      }
      Selected with = selected(ran, more, 1 << 20, ASKED);
      Selected less = selected(ran, rows, 1 << 20, ASKED);
      Map<String, Long> people = new TreeMap<>(with.people);
      less.people.forEach((group, count) -> people.merge(group, -count, Long::sum));
      long groups = people.values().stream().mapToLong(Math::abs).sum();
      worst = Math.max(worst, (double) groups / promised.maxGroups());
      worst =
          Math.max(
              worst,
              moved(
                  promised.withGroups(Stream.of(ASKED).map(g -> List.of(g.split("/"))).toList()),
                  with.cells,
                  less.cells));
    }
    return worst;
  }

  @Test
  void onePerson_movesPrivateGroupsNoMoreThanTheirNoiseIsMadeFor() throws SQLException {
    double worst = worstSelected(2, 3);
    assertTrue(worst <= 1, "" + worst);
    assertTrue(worst > 0.6, "" + worst);
    assertTrue(worstSelected(3, 3) > 1, "a bound ignored must be found");
  }

  /** Or two lists that a leader asks for could be subtracted. */
  @Test
  void figuresOfAPrivateGroup_doNotHangOnWhichOthersAreAskedFor() throws SQLException {
    Plan.DpQuery query = query(PRIVATE, 1, 2);
    List<Row> rows = rows(new Random(11));
    Selected all = selected(query, rows, 1 << 20, ASKED);
    Selected shares = selected(query, rows, 64, ASKED);
    assertEquals(all.people, shares.people);
    assertArrayEquals(all.cells, shares.cells);
    Selected one = selected(query, rows, 1 << 20, "b/2026-01-15");
    for (int a = 0; a < 3; a++) {
      assertEquals(all.cells[a * ASKED.length + 2], one.cells[a]);
      assertEquals(0, all.cells[a * ASKED.length + 4]);
    }
    List<Row> other = new ArrayList<>(rows);
    Collections.shuffle(other, new Random(12));
    assertArrayEquals(all.cells, selected(query, other, 1 << 20, ASKED).cells);
  }

  @Test
  void peopleOfPrivateGroups_areCountedOnce() throws SQLException {
    Plan.DpQuery query = query(PRIVATE, 9, 99);
    List<Row> rows = new ArrayList<>();
    for (int p = 0; p < 5; p++) {
      rows.add(new Row("p" + p, "a", 1L, "1", "2026-01-15", true));
      rows.add(new Row("p" + p, "a", 2L, "1", "2026-01-15", true));
      rows.add(new Row("p" + p, "上", 2L, "1", "2026-01-15", p < 2));
      rows.add(new Row("p" + p, "x".repeat(300), 2L, "1", "2026-01-15", true));
      rows.add(new Row("p" + p, null, 2L, "1", "2026-01-15", true));
    }
    Selected found = selected(query, rows, 1 << 20, "上/2026-01-15", "a/2026-01-15");
    assertEquals(Map.of("a/2026-01-15", 5L, "上/2026-01-15", 2L), found.people);
    assertArrayEquals(new long[] {2, 10, 2, 5, 4, 15}, found.cells);
  }

  private static String busiest(List<Row> rows) {
    Map<String, Integer> counts = new TreeMap<>();
    rows.forEach(r -> counts.merge(r.id, 1, Integer::sum));
    return Collections.max(counts.entrySet(), Map.Entry.comparingByValue()).getKey();
  }

  @Test
  void onePerson_movesNoMoreThanTheNoiseIsMadeFor() throws SQLException {
    double worst = worst(2, 3);
    assertTrue(worst <= 1, "" + worst);
    assertTrue(worst > 0.6, "the databases must press against the bounds: " + worst);
  }

  /** The property would find it if a bound were ignored. */
  @Test
  void onePerson_withABoundIgnored_movesMore() throws SQLException {
    assertTrue(worst(3, 3) > 1);
    assertTrue(worst(2, 4) > 1);
  }

  @Test
  void onePerson_withAClampIgnored_movesMore() throws SQLException {
    Plan.DpQuery promised = query(QUESTIONS.getFirst(), 2, 3);
    Plan.DpQuery ran = query(QUESTIONS.getFirst().replace("-20, 50", "-2000, 5000"), 2, 3);
    List<Row> rows = new ArrayList<>(rows(new Random(6)));
    for (int i = 0; i < 6; i++) {
      rows.add(new Row("rich", i < 3 ? "a" : "b", 4000L, "1", null, true));
    }
    assertTrue(moved(promised, cells(promised, rows), cells(promised, without(rows, "rich"))) <= 1);
    assertTrue(moved(promised, cells(ran, rows), cells(ran, without(rows, "rich"))) > 1);
  }

  /**
   * Were WHERE applied to what the bounds left, rows that don't count would displace those that do.
   */
  @Test
  void rowsThatWhereLeavesOut_displaceNobody() throws SQLException {
    Random random = new Random(7);
    Plan.DpQuery query = query(QUESTIONS.get(1), 2, 3);
    List<Row> rows = rows(random);
    List<Row> more = new ArrayList<>(rows);
    for (int i = 0; i < 300; i++) {
      Row row = row(random, "p" + random.nextInt(PEOPLE));
      more.add(new Row(row.id, row.city, row.amount, row.weight, row.day, false));
      more.add(new Row(row.id, "elsewhere", row.amount, row.weight, row.day, true));
    }
    assertArrayEquals(cells(query, rows), cells(query, more));
  }

  @Test
  void orderOfRows_andShares_changeNothing() throws SQLException {
    Random random = new Random(8);
    List<Row> rows = rows(random);
    List<Row> other = new ArrayList<>(rows);
    Collections.shuffle(other, random);
    for (String question : QUESTIONS) {
      Plan.DpQuery query = query(question, 2, 3);
      long[] cells = cells(query, rows);
      assertArrayEquals(cells, cells(query, other), question);
      assertArrayEquals(cells, cells(query, rows, 42, 64), question);
    }
    Plan.DpQuery query = query(QUESTIONS.getFirst(), 1, 1);
    long[] cells = cells(query, rows);
    assertFalse(
        java.util.Arrays.equals(cells, cells(query, rows, 43, 1 << 20)),
        "another secret chooses other rows");
  }

  /** Whatever stands in a row, there is an answer of the same shape, within the same bounds. */
  @Test
  void extremeRows_giveAnAnswerOfTheSameShape() throws SQLException {
    List<Row> rows = rows(new Random(9));
    List<Row> extreme = new ArrayList<>(rows);
    for (int i = 0; i < 40; i++) {
      extreme.add(new Row("p1", "a", Long.MIN_VALUE, "-999999999999.999999", "0001-01-01", true));
      extreme.add(new Row("p1", "b", Long.MAX_VALUE, "999999999999.999999", "9999-12-31", false));
      extreme.add(new Row("x" + i, null, null, "NULL", null, null));
    }
    List<String> questions =
        Stream.concat(
                QUESTIONS.stream(),
                Stream.of(
                    "SELECT COUNT(*) AS n, SUM(CLAMP(amount * amount - amount, 0, 9)) AS s FROM t WHERE amount * amount > -1",
                    "SELECT COUNT(*) AS n, SUM(CLAMP(weight * weight * weight / 0.000001, 0.0, 9.0)) AS s FROM t",
                    "SELECT EXTRACT(MONTH FROM \"day\") AS m, COUNT(*) AS n FROM t WHERE COALESCE(weight, 1) > -5 GROUP BY m",
                    "WITH p AS (SELECT id, SUM(amount) AS s, SUM(weight) AS w, MIN(\"day\") AS d FROM t GROUP BY id) SELECT COUNT(*) AS n, SUM(CLAMP(s, 0, 9)) AS a, SUM(CLAMP(w, 0.00, 9.00)) AS b FROM p WHERE d IS NOT NULL"))
            .toList();
    for (String question : questions) {
      Plan.DpQuery query = query(question, 2, 3);
      long[] plain = cells(query, rows);
      long[] cells = cells(query, extreme);
      assertEquals(plain.length, cells.length, question);
    }
  }

  /** Whoever has more rows than memory holds at a time ends no run, and is bounded like others. */
  @Test
  void onePerson_withMoreRowsThanMemory_endsNothing_andCountsAsBounded() throws SQLException {
    List<Row> rows = rows(new Random(13));
    List<Row> more = new ArrayList<>(rows);
    Random random = new Random(14);
    for (int i = 0; i < 3000; i++) {
      more.add(row(random, "everywhere"));
    }
    for (String question : QUESTIONS) {
      Plan.DpQuery query = query(question, 2, 3);
      long[] atOnce = cells(query, more);
      assertArrayEquals(atOnce, cells(query, more, 42, 256), question);
      assertTrue(moved(query, atOnce, cells(query, rows)) <= 1, question);
    }
    Plan.DpQuery query = query(PRIVATE, 2, 3);
    Selected atOnce = selected(query, more, 1 << 20, ASKED);
    Selected asTheyCome = selected(query, more, 256, ASKED);
    assertEquals(atOnce.people, asTheyCome.people);
    assertArrayEquals(atOnce.cells, asTheyCome.cells);
  }

  /**
   * Expressions of the whole grammar, drawn at random, over rows that try to break them: what the
   * planner lets through, runs. What it refuses, it refuses without having seen a row.
   */
  @Test
  void anyExpressionThatIsPlanned_runsOnAnyRow() throws SQLException {
    Random random = new Random(15);
    List<Row> rows = new ArrayList<>(rows(random));
    List<Long> numbers = new ArrayList<>(List.of(Long.MIN_VALUE, Long.MAX_VALUE, 0L, -1L, 1L));
    numbers.add(null);
    for (Long number : numbers) {
      for (String day : List.of("0000-01-01", "9999-12-31", "2024-02-29", "")) {
        rows.add(
            new Row(
                "p1",
                number == null
                    ? null
                    : List.of("", "%", "_\\", "\uD83D\uDE42").get(random.nextInt(4)),
                number,
                List.of("-999999999999.999999", "999999999999.999999", "0", "NULL")
                    .get(random.nextInt(4)),
                day.isEmpty() ? null : day,
                number == null ? null : number > 0));
      }
    }
    int ran = 0;
    for (int i = 0; i < 150; i++) {
      Expressions any = new Expressions(random);
      String number = any.number(3);
      String sql =
          "SELECT COUNT(*) AS n, COUNT(%s) AS c, SUM(CLAMP(%s, %s)) AS s FROM t WHERE %s"
              .formatted(
                  any.value(2), number, any.decimal ? "-9.50, 99.5" : "-9, 99", any.truth(3));
      if (planned(sql, 2, 3) instanceof PlanResult.Planned(Plan plan)) {
        Plan.DpQuery query = (Plan.DpQuery) plan.steps().getFirst();
        assertEquals(query.aggregates().size(), cells(query, rows).length, sql);
        ran++;
      }
    }
    assertTrue(ran > 60, ran + " of 150 were planned");
  }

  /** Text of the grammar in docs/sql.md. */
  private static final class Expressions {
    private final Random random;
    boolean decimal;

    Expressions(Random random) {
      this.random = random;
      this.decimal = random.nextBoolean();
    }

    private String one(String... of) {
      return of[random.nextInt(of.length)];
    }

    /** All of one kind of number, as the language asks. */
    String number(int depth) {
      if (depth == 0 || random.nextInt(4) == 0) {
        return decimal
            ? one("weight", "1.5", "-0.000001", "999999999999.5")
            : one("amount", "7", "-1", "9007199254740991", "EXTRACT(YEAR FROM \"day\")");
      }
      return switch (random.nextInt(decimal ? 7 : 6)) {
        case 0 -> "(" + number(depth - 1) + " + " + number(depth - 1) + ")";
        case 1 -> "(" + number(depth - 1) + " - " + number(depth - 1) + ")";
        case 2 -> "(" + number(depth - 1) + " * " + number(depth - 1) + ")";
        case 3 -> "(- " + number(depth - 1) + ")";
        case 4 ->
            "CASE WHEN %s THEN %s ELSE %s END"
                .formatted(truth(depth - 1), number(depth - 1), one(number(depth - 1), "NULL"));
        case 5 -> "COALESCE(" + number(depth - 1) + ", " + number(depth - 1) + ")";
        default -> "(" + number(depth - 1) + " / " + one("3", "0.000001", "-7.5") + ")";
      };
    }

    private String date(int depth) {
      return depth == 0 || random.nextBoolean()
          ? "\"day\""
          : "DATE_TRUNC('"
              + one("week", "month", "quarter", "year")
              + "', "
              + date(depth - 1)
              + ")";
    }

    String value(int depth) {
      return switch (random.nextInt(4)) {
        case 0 -> date(depth);
        case 1 -> "city";
        case 2 -> "COALESCE(city, 'none')";
        default -> number(depth);
      };
    }

    String truth(int depth) {
      if (depth == 0) {
        return one("gift", "gift IS NULL", "city LIKE '%a_'", "city LIKE '\\'", "amount > 0");
      }
      return switch (random.nextInt(8)) {
        case 0 -> "(" + truth(depth - 1) + " AND " + truth(depth - 1) + ")";
        case 1 -> "(" + truth(depth - 1) + " OR " + truth(depth - 1) + ")";
        case 2 -> "(NOT " + truth(depth - 1) + ")";
        case 3 -> number(depth - 1) + one(" > ", " = ", " <> ") + number(depth - 1);
        case 4 -> number(depth - 1) + " BETWEEN " + number(depth - 1) + " AND " + number(depth - 1);
        case 5 -> date(depth) + " >= " + one("DATE '0001-01-01'", "DATE '9999-12-31'");
        case 6 -> "EXTRACT(" + one("MONTH", "DAY", "ISODOW") + " FROM " + date(depth) + ") = 2";
        default -> value(depth - 1) + " IS NOT NULL";
      };
    }
  }
}

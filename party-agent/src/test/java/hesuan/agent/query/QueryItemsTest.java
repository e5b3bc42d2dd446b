package hesuan.agent.query;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.channel.MemoryChannel;
import hesuan.group.Workers;
import hesuan.join.JoinMatcher;
import hesuan.join.JoinParameters;
import hesuan.join.JoinValuer;
import hesuan.join.Matches;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.IdRule;
import hesuan.wire.Plan;
import hesuan.wire.ProductRef;
import java.security.SecureRandom;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.duckdb.DuckDBConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two owners' rows, joined by the protocol and by plain SQL. */
class QueryItemsTest {
  private static final Digest SESSION = Digest.of("a join");
  private static final List<List<String>> TIERS = List.of(List.of("gold"), List.of("plain"));

  private static Plan.JoinQuery step(Plan.Matches matches, int maxRows) {
    List<ProductRef> products =
        List.of(ProductRef.parse("brand-a/members@1"), ProductRef.parse("mall-b/orders@1"));
    return new Plan.JoinQuery(
        "join",
        products,
        "SELECT \"@unit\", CAST(\"tier\" AS VARCHAR) AS \"@k0\" FROM \"@part\" AS \"@t\" WHERE (\"age\" > 20)",
        List.of(),
        new Plan.DpQuery(
            "join",
            products,
            "SELECT \"@unit\", \"amount\" AS \"@v0\" FROM \"@part\" AS \"@t\" WHERE (\"amount\" < 90)",
            List.of("tier"),
            TIERS,
            null,
            null,
            List.of(
                aggregate(Plan.AggregateKind.COUNT, null, 0, 1),
                aggregate(Plan.AggregateKind.COUNT_DISTINCT_UNIT, null, 0, 1),
                aggregate(Plan.AggregateKind.SUM, 0, -20, 50),
                aggregate(Plan.AggregateKind.SUM_CENTRED, 0, 0, 40)),
            new Plan.Outcome(List.of(), null, List.of(), 0, 0),
            List.of(),
            1,
            maxRows,
            1000,
            false,
            List.of()),
        matches,
        Epsilon.parse("1"),
        "0.001");
  }

  private static Plan.Aggregate aggregate(
      Plan.AggregateKind kind, Integer value, long lower, long upper) {
    return new Plan.Aggregate(kind, kind.name(), "", value, 0, lower, upper, Epsilon.parse("0.25"));
  }

  private interface Asking<T> {
    T of(DuckDBConnection duck) throws SQLException;
  }

  private static <T> T asked(String columns, List<String> rows, Asking<T> asking)
      throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("jdbc_stream_results", "true");
    try (DuckDBConnection duck =
            (DuckDBConnection) DriverManager.getConnection("jdbc:duckdb:", properties);
        Statement statement = duck.createStatement()) {
      statement.execute("CREATE TABLE visible (" + columns + ")");
      statement.execute("INSERT INTO visible VALUES " + String.join(", ", rows));
      statement.execute(
          "CREATE TABLE person AS SELECT DISTINCT id AS raw, CAST(hash(id) >> 1 AS BIGINT) AS unit FROM visible");
      return asking.of(duck);
    }
  }

  private static final String MEMBERS = "id VARCHAR, tier VARCHAR, age BIGINT";
  private static final String ORDERS = "id VARCHAR, amount BIGINT";

  private static List<String> members(Random random) {
    List<String> rows = new ArrayList<>();
    for (int p = 0; p < 60; p++) {
      rows.add(
          "('p%d', '%s', %d)"
              .formatted(
                  p,
                  List.of("plain", "gold", "other").get(random.nextInt(3)),
                  15 + random.nextInt(30)));
    }
    return rows;
  }

  private static List<String> orders(Random random) {
    List<String> rows = new ArrayList<>();
    for (int p = 30; p < 90; p++) {
      for (int i = 0; i < 1 + random.nextInt(4); i++) {
        rows.add(
            "('p%d', %s)"
                .formatted(p, random.nextInt(8) == 0 ? "NULL" : "" + random.nextInt(-40, 120)));
      }
    }
    return rows;
  }

  private static QueryItems grouped(Plan.JoinQuery step, List<String> rows) throws SQLException {
    return asked(
        MEMBERS, rows, duck -> QueryItems.grouped(step, "id", IdRule.OPAQUE, SESSION, duck));
  }

  private static QueryItems figured(Plan.JoinQuery step, List<String> rows, long secret)
      throws SQLException {
    return asked(
        ORDERS, rows, duck -> QueryItems.figured(step, "id", IdRule.OPAQUE, SESSION, secret, duck));
  }

  @ParameterizedTest
  @EnumSource(Plan.Matches.class)
  void join_ofTwoOwners_isWhatPlainSqlGives(Plan.Matches matches) throws Exception {
    Plan.JoinQuery step = step(matches, 9);
    List<String> members = members(new Random(1));
    List<String> orders = orders(new Random(2));
    QueryItems groups = grouped(step, members);
    QueryItems figures = figured(step, orders, 7);
    JoinParameters parameters = JoinParameters.of(step, 1, SESSION);
    MemoryChannel[] ends = MemoryChannel.pair(parameters.matcher(), parameters.valuer());
    long[] silent = new long[parameters.cells()];
    CompletableFuture<Void> valuer =
        CompletableFuture.runAsync(
            () ->
                new JoinValuer(
                        parameters,
                        figures.keys(),
                        figures.figures(),
                        silent,
                        parameters.matches() instanceof Matches.Noised noised
                            ? _ -> (int) noised.dummyNoise().offset()
                            : null,
                        Workers.ONE,
                        new SecureRandom())
                    .run(ends[1]),
            Thread::startVirtualThread);
    long[] sums =
        new JoinMatcher(
                parameters, groups.keys(), groups.groups(), silent, Workers.ONE, new SecureRandom())
            .run(ends[0])
            .sums();
    valuer.join();
    assertArrayEquals(plain(members, orders), sums);
  }

  private static long[] plain(List<String> members, List<String> orders) throws SQLException {
    return asked(
        MEMBERS,
        members,
        duck -> {
          long[] all = new long[8];
          try (Statement statement = duck.createStatement()) {
            statement.execute("CREATE TABLE orders (" + ORDERS + ")");
            statement.execute("INSERT INTO orders VALUES " + String.join(", ", orders));
            try (ResultSet rows =
                statement.executeQuery(
                    "SELECT tier, count(*), count(DISTINCT m.id), sum(greatest(least(amount, 50), -20)), sum(greatest(least(amount, 40), 0) - 20) FROM visible m JOIN orders o USING (id) WHERE age > 20 AND amount < 90 AND tier IN ('gold', 'plain') GROUP BY tier")) {
              while (rows.next()) {
                int group = rows.getString(1).equals("gold") ? 0 : 1;
                for (int k = 0; k < 4; k++) {
                  all[4 * group + k] = rows.getLong(2 + k);
                }
              }
            }
          }
          return all;
        });
  }

  /** Whatever rows a person has, the figures of the item stay within what they are noised for. */
  @Test
  void figures_ofOnePerson_stayWithinTheirSensitivity() throws SQLException {
    Plan.JoinQuery step = step(Plan.Matches.NOISED, 3);
    List<String> rows = new ArrayList<>(orders(new Random(3)));
    for (int i = 0; i < 20; i++) {
      rows.add("('busy', %d)".formatted(i % 2 == 0 ? Long.MIN_VALUE : 80));
    }
    QueryItems items = figured(step, rows, 5);
    int width = step.figures().aggregates().size();
    boolean full = false;
    for (int i = 0; i < items.figures().length; i++) {
      long most =
          hesuan.dp.QueryNoise.sensitivity(
              step.figures(), step.figures().aggregates().get(i % width));
      assertTrue(Math.abs(items.figures()[i]) <= most);
      full |= Math.abs(items.figures()[i]) == most && i % width == 2;
    }
    assertTrue(full);
    assertEquals(byPerson(items, width), byPerson(figured(step, rows, 5), width));
  }

  /** Items come in any order. */
  private static Map<String, List<Long>> byPerson(QueryItems items, int width) {
    int keyBytes = items.keys().length / (items.figures().length / width);
    Map<String, List<Long>> figures = new TreeMap<>();
    for (int i = 0; i < items.keys().length / keyBytes; i++) {
      figures.put(
          HexFormat.of().formatHex(items.keys(), i * keyBytes, (i + 1) * keyBytes),
          Arrays.stream(items.figures(), i * width, (i + 1) * width).boxed().toList());
    }
    return figures;
  }

  @Test
  void groups_ofAPersonInSeveral_areTheFirst() throws SQLException {
    QueryItems items =
        grouped(
            step(Plan.Matches.NOISED, 1),
            List.of("('p', 'plain', 30)", "('p', 'gold', 30)", "('q', 'other', 30)"));
    assertEquals(32, items.keys().length);
    assertEquals("[0]", Arrays.toString(items.groups()));
  }
}

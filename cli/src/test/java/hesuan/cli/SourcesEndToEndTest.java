package hesuan.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.wire.ErrorCode;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Real processes: one SQL question to three owners who hold the same table as a CSV file, in DuckDB
 * and in PostgreSQL.
 */
class SourcesEndToEndTest {
  private static final int PEOPLE = 3000;
  private static final List<String> CITIES = List.of("上海", "北京", "杭州");
  private static final String TABLE =
      "sales (phone VARCHAR(20), city TEXT, amount_fen INTEGER, weight NUMERIC(8,2), day DATE)";

  /** As SQL sees it. */
  private record Sale(String phone, String city, int fen, String kilograms, String day) {
    String values() {
      return "('%s', '%s', %d, %s, DATE '%s')".formatted(phone, city, fen, kilograms, day);
    }
  }

  /**
   * Two rows of each person, one of them in a city that nobody asks for, or before the day asked.
   */
  private static List<Sale> sales() {
    List<Sale> sales = new ArrayList<>();
    for (int i = 0; i < PEOPLE; i++) {
      String phone = "138%08d".formatted(i);
      String kilograms = "%d.%02d".formatted(i % 20, i % 97);
      sales.add(new Sale(phone, CITIES.get(i % 3), 100 + i % 900, kilograms, "2026-10-01"));
      sales.add(
          new Sale(
              phone,
              i % 2 == 0 ? "成都" : CITIES.get(i % 3),
              500,
              "1.00",
              i % 2 == 0 ? "2026-10-02" : "2025-01-01"));
    }
    return sales;
  }

  @Test
  void sameTableInThreeKinds_isAskedAsOne_andTheAnswerLiesInItsIntervals() throws Exception {
    try (EmbeddedPostgres server =
            EmbeddedPostgres.builder().setServerConfig("fsync", "off").start();
        ThreeParties parties = new ThreeParties("sources")) {
      publish(parties, server);
      parties.sign("ctr-sources");
      String first = ask(parties, "one");
      assertEquals(
          "done", parties.job(first).path("state").asText(), () -> "" + parties.job(first));
      compare(parties.api(ThreeParties.LEADER).get("/jobs/" + first + "/result").path("result"));

      sql(server, "UPDATE sales SET amount_fen = amount_fen + 1 WHERE phone = '13800000007'");
      String second = ask(parties, "two");
      JsonNode end = parties.job(second);
      assertTrue(List.of("refused", "failed").contains(end.path("state").asText()), end::toString);
      assertTrue(end.toString().contains(ErrorCode.SOURCE_CHANGED.code()), end::toString);
    }
  }

  private static void publish(ThreeParties parties, EmbeddedPostgres server) throws Exception {
    List<Sale> sales = sales();
    Map<String, Object> csv = parties.publication(ThreeParties.LEADER, "sales", "9");
    StringBuilder text = new StringBuilder("phone,city,amount_fen,weight,day\n");
    for (Sale sale : sales) {
      text.append(
          "%s,%s,%d,%s,%s\n".formatted(sale.phone, sale.city, sale.fen, sale.kilograms, sale.day));
    }
    Files.writeString(parties.data(ThreeParties.LEADER, "sales"), text);
    parties.publish(ThreeParties.LEADER, csv);

    String insert =
        "INSERT INTO sales VALUES " + String.join(", ", sales.stream().map(Sale::values).toList());
    Path file = parties.data(ThreeParties.MEMBER, "sales").resolveSibling("sales.duckdb");
    try (Connection duck = DriverManager.getConnection("jdbc:duckdb:" + file);
        Statement statement = duck.createStatement()) {
      statement.execute("CREATE TABLE " + TABLE);
      statement.execute(insert);
    }
    Map<String, Object> duckDb = parties.publication(ThreeParties.MEMBER, "sales", "9");
    duckDb.put("source", Map.of("kind", "duckdb", "path", file.toString(), "table", "sales"));
    parties.publish(ThreeParties.MEMBER, duckDb);

    sql(
        server,
        "CREATE TABLE " + TABLE,
        insert,
        "CREATE ROLE hesuan_reader LOGIN PASSWORD 'only for this test'",
        "GRANT SELECT ON sales TO hesuan_reader");
    Map<String, Object> postgreSql = parties.publication(ThreeParties.THIRD, "sales", "9");
    postgreSql.put(
        "source",
        Map.of(
            "kind", "postgresql",
            "url", "postgresql://127.0.0.1:" + server.getPort() + "/postgres",
            "table", "sales",
            "user", "hesuan_reader",
            "passwordFile", passwordFile(file.resolveSibling("db.password")).toString()));
    parties.publish(ThreeParties.THIRD, postgreSql);
  }

  private static Path passwordFile(Path file) throws IOException {
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    return Files.writeString(file, "only for this test\n");
  }

  private static void sql(EmbeddedPostgres server, String... statements) throws SQLException {
    try (Connection connection = server.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private static String ask(ThreeParties parties, String token) throws Exception {
    String spec =
        """
        apiVersion: hesuan/v1
        kind: Job
        metadata: {name: sources, submitToken: sources-%s}
        purpose: {code: benchmark}
        contract: ctr-sources
        inputs: {sales: [brand-a/sales@1, mall-b/sales@1, pay-c/sales@1]}
        what:
          sql: |
            SELECT city, COUNT(*) AS n, SUM(CLAMP(amount_fen, 0, 1000)) AS spent,
                   AVG(CLAMP(weight, 0.00, 20.00)) AS mean
            FROM sales
            WHERE city IN ('上海', '北京', '杭州') AND "day" >= DATE '2026-01-01'
            GROUP BY city
        privacy: {unit: phone, epsilon: 1, minGroup: 20, maxGroups: 1, maxRows: 1}
        outputs: [{name: spent, to: [brand-a]}]
        """
            .formatted(token);
    String id = parties.coordinator().post("/jobs", Map.of("spec", spec)).path("id").asText();
    JobCommands.watch(parties.coordinator(), id, _ -> {});
    return id;
  }

  /**
   * Each of nine figures leaves its interval once in twenty runs; that five do, or one by four
   * times its width, is less likely than once in ten thousand.
   */
  private static void compare(JsonNode result) {
    Map<String, double[]> truth = truth();
    List<String> columns = new ArrayList<>();
    result.path("columns").forEach(c -> columns.add(c.asText()));
    assertEquals(3, result.path("rows").size(), result::toString);
    int outside = 0;
    for (JsonNode row : result.path("rows")) {
      double[] exact = truth.get(row.path(columns.indexOf("city")).asText());
      for (String figure : List.of("n", "spent", "mean")) {
        double is = exact[List.of("n", "spent", "mean").indexOf(figure)];
        double low = row.path(columns.indexOf(figure + "_low")).asDouble();
        double high = row.path(columns.indexOf(figure + "_high")).asDouble();
        double half = (high - low) / 2;
        assertTrue(half > 0 && half < is / 4, figure + " in " + row);
        assertTrue(Math.abs((low + high) / 2 - is) < 4 * half, figure + " " + is + " in " + row);
        outside += is < low || is > high ? 1 : 0;
      }
    }
    assertTrue(outside < 5, outside + " of 9 outside: " + result);
  }

  /** The plain query over three times the same rows. */
  private static Map<String, double[]> truth() {
    Map<String, double[]> truth = new TreeMap<>();
    for (Sale sale : sales()) {
      if (CITIES.contains(sale.city) && sale.day.compareTo("2026-01-01") >= 0) {
        double[] sums = truth.computeIfAbsent(sale.city, _ -> new double[3]);
        sums[0] += 3;
        sums[1] += 3 * sale.fen;
        sums[2] += 3 * Double.parseDouble(sale.kilograms);
      }
    }
    truth.values().forEach(sums -> sums[2] /= sums[0]);
    return truth;
  }
}

package hesuan.demo.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.demo.data.Population.Examples;
import hesuan.demo.data.Population.Party;
import hesuan.source.Fingerprint;
import hesuan.source.IdColumn;
import hesuan.source.IdSet;
import hesuan.source.ReadLimits;
import hesuan.source.Source;
import hesuan.source.SourceReader;
import hesuan.wire.IdRule;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoDataTest {
  private static final long SEED = 20261121;
  private static final Truth.Bounds BOUNDS = new Truth.Bounds(1, 4, 0, 50_000);

  @TempDir static Path folder;
  private static Truth truth;

  @BeforeAll
  static void write() throws IOException {
    truth = DemoData.write(SEED, folder, BOUNDS);
  }

  private static List<Source> ownProducts(Path root) {
    return List.of(
        new Source.Csv(root.resolve(DemoData.BRAND_MEMBERS)),
        new Source.Parquet(root.resolve(DemoData.MALL_VISITS)),
        new Source.DuckDb(root.resolve(DemoData.PAY_FILE), "users"));
  }

  private static List<Source> orders() {
    return List.of(
        new Source.Csv(folder.resolve("brand/orders.csv")),
        new Source.Parquet(folder.resolve("mall/orders.parquet")),
        new Source.DuckDb(folder.resolve(DemoData.PAY_FILE), "orders"));
  }

  private static ReadLimits limits() {
    return ReadLimits.in(folder.resolve("spill"));
  }

  /** Person to city, as an agent reads them. */
  private static Map<String, Integer> people(Source source, IdQualityCheck check) {
    try (SourceReader reader = SourceReader.open(source, limits());
        Connection connection = reader.connection();
        IdSet ids =
            IdColumn.read(
                connection, "phone", IdRule.PHONE_CN, Optional.of("city"), Population.CITIES)) {
      check.accept(ids);
      Map<String, Integer> people = new HashMap<>();
      for (int i = 0; i < ids.size(); i++) {
        people.put(new String(ids.copy(i), StandardCharsets.US_ASCII), ids.group(i));
      }
      return people;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private interface IdQualityCheck {
    void accept(IdSet ids);
  }

  /** The truth comes from the generator; here the files are read as an agent reads them. */
  @Test
  void overlaps_readFromTheFiles_areTheTruth() {
    List<Source> sources = ownProducts(folder);
    Map<Party, Map<String, Integer>> people = new TreeMap<>();
    for (Party party : Party.values()) {
      people.put(
          party,
          people(
              sources.get(party.ordinal()),
              ids -> {
                assertEquals(truth.idSets().get(party.text()), ids.size());
                assertEquals(
                    (int) truth.unusableRows().get(party.text()),
                    ids.quality().empty() + ids.quality().malformed());
                assertTrue(ids.quality().empty() > 0 && ids.quality().malformed() > 0);
                assertTrue(ids.quality().duplicates() > 500);
              }));
    }
    Map<String, Integer> brandMall = new HashMap<>(people.get(Party.BRAND));
    brandMall.keySet().retainAll(people.get(Party.MALL).keySet());
    assertEquals(truth.brandMall(), overlap(brandMall));
    brandMall.keySet().retainAll(people.get(Party.PAY).keySet());
    assertEquals(truth.brandMallPay(), overlap(brandMall));
  }

  private static Truth.Overlap overlap(Map<String, Integer> people) {
    Map<String, Integer> byCity = new TreeMap<>();
    people.values().forEach(city -> byCity.merge(Population.CITIES.get(city), 1, Integer::sum));
    return new Truth.Overlap(people.size(), byCity);
  }

  @Test
  void sizes_areThoseThatTheDemoNeeds() {
    assertEquals(Map.of("brand", 20_000, "mall", 40_000, "pay", 30_000), truth.idSets());
    int total = truth.brandMall().total();
    assertTrue(total > 6_000 && total < 14_000, "brand and mall share " + total);
    assertTrue(truth.brandMallPay().total() > 2_500 && truth.brandMallPay().total() < total);
    truth.brandMallPay().byCity().forEach((city, n) -> assertTrue(n > 60, city + " " + n));
    Map<String, Integer> byCity = truth.brandMall().byCity();
    assertTrue(byCity.get("上海") > 2 * byCity.get("武汉"), "skewed cities");
  }

  @Test
  void orders_summedFromTheFiles_areTheTruth() throws SQLException {
    Map<String, Truth.OrderFigures> figures = new TreeMap<>();
    for (Source source : orders()) {
      try (SourceReader reader = SourceReader.open(source, limits());
          Connection connection = reader.connection();
          Statement statement = connection.createStatement();
          ResultSet rows =
              statement.executeQuery(
                  "SELECT city, count(*), CAST(sum(CAST(amount_fen AS BIGINT)) AS BIGINT),"
                      + " count(DISTINCT phone) FROM part GROUP BY city")) {
        while (rows.next()) {
          figures.merge(
              rows.getString(1),
              new Truth.OrderFigures(rows.getLong(2), rows.getLong(3), rows.getLong(4)),
              (a, b) ->
                  new Truth.OrderFigures(
                      a.orders() + b.orders(),
                      a.amountFen() + b.amountFen(),
                      a.people() + b.people()));
        }
      }
    }
    assertEquals(truth.orders(), figures);
  }

  @Test
  void boundedOrders_areLess_andNotByMuch() {
    truth
        .boundedOrders()
        .forEach(
            (city, bounded) -> {
              Truth.OrderFigures all = truth.orders().get(city);
              assertTrue(bounded.orders() < all.orders() && bounded.orders() > 0.6 * all.orders());
              assertTrue(bounded.amountFen() < all.amountFen());
              assertTrue(bounded.amountFen() > 0.4 * all.amountFen());
            });
  }

  @Test
  void bounds_thatBindNobody_changeNothing() {
    Population population = Population.of(SEED);
    Truth loose =
        population.truth(
            new Truth.Bounds(8, Integer.MAX_VALUE, 0, Integer.MAX_VALUE), truth.unusableRows());
    assertEquals(truth.orders(), loose.orders());
    assertEquals(loose.orders(), loose.boundedOrders());
  }

  @Test
  void oneSeed_givesTheSameData_andAnotherGivesOther(@TempDir Path again, @TempDir Path other)
      throws IOException {
    assertEquals(truth, DemoData.write(SEED, again, BOUNDS));
    DemoData.write(SEED + 1, other, BOUNDS);
    for (int i = 0; i < 3; i++) {
      assertEquals(
          Fingerprint.of(ownProducts(folder).get(i), limits()),
          Fingerprint.of(ownProducts(again).get(i), limits()));
      assertNotEquals(
          Fingerprint.of(ownProducts(folder).get(i), limits()),
          Fingerprint.of(ownProducts(other).get(i), limits()));
    }
  }

  @Test
  void truth_onDisk_readsBack_andEveryFolderSaysSynthetic() throws IOException {
    assertEquals(truth, Truth.read(Files.readString(folder.resolve(DemoData.TRUTH))));
    for (Party party : Party.values()) {
      String readme = Files.readString(folder.resolve(party.text()).resolve("README.md"));
      assertTrue(readme.contains("Synthetic") && readme.contains("合成"));
    }
  }

  @Test
  void phones_areOnePerPerson() {
    Set<String> phones = new HashSet<>();
    for (int person = 0; person < Population.PEOPLE; person++) {
      assertTrue(phones.add(Population.phone(person)));
    }
  }

  /**
   * What the demo of federated learning is about, on a model that needs no library: one party alone
   * does clearly worse for everybody's people than all together.
   */
  @Test
  void features_federatedAveraging_beatsEveryPartyAlone_andComesNearThePool() {
    Population population = Population.of(SEED);
    List<Examples> all = Arrays.stream(Party.values()).map(population::examples).toList();
    double[] nothing = new double[Population.FEATURES.size() + 1];
    double pooled = accuracy(fit(nothing, 300, all), all);
    double best =
        all.stream()
            .mapToDouble(one -> accuracy(fit(nothing, 300, List.of(one)), all))
            .max()
            .orElseThrow();
    double[] federated = nothing;
    for (int round = 0; round < 12; round++) {
      federated = averaged(federated, all);
    }
    double together = accuracy(federated, all);
    assertTrue(pooled > 0.77, "pooled " + pooled);
    assertTrue(best < together - 0.03, "best alone " + best + ", together " + together);
    assertEquals(pooled, together, 0.015);
  }

  private static boolean isHeldOut(int row) {
    return row % 5 == 0;
  }

  private static double[] averaged(double[] start, List<Examples> parts) {
    double[] mean = new double[start.length];
    int total = parts.stream().mapToInt(Examples::size).sum();
    for (Examples part : parts) {
      double[] own = fit(start, 10, List.of(part));
      for (int j = 0; j < mean.length; j++) {
        mean[j] += own[j] * part.size() / total;
      }
    }
    return mean;
  }

  private static double[] fit(double[] start, int rounds, List<Examples> parts) {
    int width = Population.FEATURES.size();
    double[] weights = start.clone();
    for (int round = 0; round < rounds; round++) {
      double[] gradient = new double[width + 1];
      int count = 0;
      for (Examples part : parts) {
        for (int row = 0; row < part.size(); row++) {
          if (!isHeldOut(row)) {
            double error = part.bought()[row] - probability(weights, part, row);
            for (int j = 0; j < width; j++) {
              gradient[j] += error * part.features()[row * width + j];
            }
            gradient[width] += error;
            count++;
          }
        }
      }
      for (int j = 0; j <= width; j++) {
        weights[j] += gradient[j] / count;
      }
    }
    return weights;
  }

  private static double accuracy(double[] weights, List<Examples> parts) {
    long[] right = new long[2];
    for (Examples part : parts) {
      IntStream.range(0, part.size())
          .filter(DemoDataTest::isHeldOut)
          .forEach(
              row -> {
                right[0]++;
                right[1] +=
                    probability(weights, part, row) > 0.5 == (part.bought()[row] == 1) ? 1 : 0;
              });
    }
    return (double) right[1] / right[0];
  }

  private static double probability(double[] weights, Examples part, int row) {
    int width = Population.FEATURES.size();
    double logit = weights[width];
    for (int j = 0; j < width; j++) {
      logit += weights[j] * part.features()[row * width + j];
    }
    return 1 / (1 + Math.exp(-logit));
  }
}

package hesuan.agent.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import hesuan.agent.query.BoundedQuery;
import hesuan.dp.Answer;
import hesuan.dp.QueryNoise;
import hesuan.plan.JobReader;
import hesuan.plan.PlanResult;
import hesuan.plan.Planner;
import hesuan.plan.PublishedProduct;
import hesuan.source.Profile;
import hesuan.source.ReadLimits;
import hesuan.source.Source;
import hesuan.wire.Contract;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.Disclosure;
import hesuan.wire.Epsilon;
import hesuan.wire.IdRule;
import hesuan.wire.JobId;
import hesuan.wire.JobSpec;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import hesuan.wire.SecretBytes;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real questions to a real household panel, split over two shops: each answer must hold the plain
 * query's in its interval as often as it says.
 */
class RetailTest {
  private static final Path DATA = data();
  private static final List<PartyId> SHOPS = List.of(new PartyId("shop-a"), new PartyId("shop-b"));
  private static final LocalDate TODAY = LocalDate.of(2026, 11, 21);

  @TempDir Path folder;
  private final HeldRows held = new HeldRows(256, Clock.systemUTC());
  private final Map<ProductRef, Product> products = new LinkedHashMap<>();
  private final Map<ProductRef, Source> sources = new LinkedHashMap<>();

  /** Beside the checkout, however deep this module lies in it. */
  private static Path data() {
    Path here = Path.of("").toAbsolutePath();
    for (Path up = here; up != null; up = up.getParent()) {
      if (Files.isDirectory(up.resolve("shared/data"))) {
        return up.resolve("shared/data");
      }
    }
    return here.resolve("shared/data");
  }

  @BeforeEach
  void dataIsThere() {
    assumeTrue(
        Files.exists(DATA.resolve("margarine_purchases.csv")),
        "the retail files (shared/data) are not beside this checkout");
  }

  /** Every other row at each shop, so that households buy at both. */
  private void publish(String file, String name) throws IOException {
    List<String> lines = Files.readAllLines(DATA.resolve(file));
    for (int shop = 0; shop < 2; shop++) {
      List<String> own = new ArrayList<>(List.of(lines.getFirst()));
      for (int i = 1 + shop; i < lines.size(); i += 2) {
        own.add(lines.get(i));
      }
      Path part = folder.resolve(SHOPS.get(shop) + "-" + name + ".csv");
      Files.write(part, own);
      Source source = new Source.Csv(part);
      Product.Id id = new Product.Id("hhid", IdRule.OPAQUE);
      ProductRef ref = ProductRef.parse(SHOPS.get(shop) + "/" + name + "@1");
      sources.put(ref, source);
      products.put(
          ref,
          new Product(
              Product.VERSION,
              ref,
              name,
              Profile.of(source, id, limits()).productColumns(),
              id,
              List.of(
                  new Product.DisclosureRule(
                      "*", Disclosure.AGGREGATE, List.of("*"), List.of("*"), TODAY)),
              new Product.Terms(1, Epsilon.parse("10")),
              Digest.of(ref.toString()),
              OwnProducts.sizeClass(own.size())));
    }
  }

  private ReadLimits limits() {
    return ReadLimits.in(folder.resolve("tmp"));
  }

  private JobSpec job(String table, String sql, String privacy) {
    return JobReader.read(
        """
        apiVersion: hesuan/v1
        kind: Job
        metadata: {name: retail}
        purpose: {code: benchmark}
        contract: ctr-retail
        inputs: {%1$s: [shop-a/%1$s@1, shop-b/%1$s@1]}
        what:
          sql: |
            %2$s
        privacy: {unit: hhid, %3$s}
        outputs: [{name: answer, to: [shop-a]}]
        """
            .formatted(table, sql.strip().replace("\n", "\n    "), privacy));
  }

  private Plan plan(JobSpec job) {
    Map<ProductRef, PublishedProduct> published = new TreeMap<>();
    products.forEach((ref, product) -> published.put(ref, PublishedProduct.of(product)));
    Contract contract =
        new Contract(
            Product.VERSION,
            new ContractId("ctr-retail"),
            SHOPS.stream().map(p -> new Contract.Member(p, Digest.of("keys of " + p))).toList(),
            List.of("benchmark"),
            List.of("shop-a/purchases"),
            List.of("dpQuery"),
            List.of(new Contract.Output("aggregate", SHOPS)),
            TODAY,
            TODAY,
            100,
            List.of());
    PlanResult result =
        Planner.plan(job, JobId.of(SHOPS.getFirst(), "retail-token"), published, contract, TODAY);
    return assertInstanceOf(PlanResult.Planned.class, result, result::toString).plan();
  }

  /** Both shops' local parts and noises, added as the secure sum adds them. */
  private Answer answer(Plan plan, int seed) throws SQLException {
    Plan.DpQuery query = (Plan.DpQuery) plan.steps().getFirst();
    QueryNoise noise = QueryNoise.of(query, plan.minGroup());
    long[] sum = new long[noise.cells()];
    for (int shop = 0; shop < 2; shop++) {
      ProductRef ref = query.products().get(shop);
      byte[] bytes = new byte[32];
      Arrays.fill(bytes, (byte) (seed * 2 + shop));
      SecretBytes secret = new SecretBytes(bytes);
      try (OwnRows rows = OwnRows.open(products.get(ref), sources.get(ref), null, limits(), held)) {
        rows.findPeople(secret);
        long[] part = new BoundedQuery(query, "hhid", seed).run(rows.connection());
        long[] noised = noise.noised(part, secret);
        for (int i = 0; i < sum.length; i++) {
          sum[i] += noised[i];
        }
      }
    }
    return Answer.of(query, noise, noise.released(sum, 2), 2);
  }

  /** The plain query over all rows, by the text of its first column; numbers in order. */
  private Map<String, List<BigDecimal>> plain(String file, String sql) throws SQLException {
    Map<String, List<BigDecimal>> rows = new TreeMap<>();
    try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = duck.createStatement();
        ResultSet result =
            statement.executeQuery(
                sql.formatted("read_csv('" + DATA.resolve(file) + "', header = true)"))) {
      while (result.next()) {
        List<BigDecimal> numbers = new ArrayList<>();
        for (int c = 2; c <= result.getMetaData().getColumnCount(); c++) {
          numbers.add(BigDecimal.valueOf(result.getDouble(c)));
        }
        rows.put(result.getString(1), numbers);
      }
    }
    return rows;
  }

  /**
   * @return cells whose interval holds the plain figure, and cells in all
   */
  private static int[] held(Answer answer, Map<String, List<BigDecimal>> plain) {
    int inside = 0;
    int all = 0;
    for (List<@Nullable String> row : answer.rows()) {
      List<BigDecimal> truth = plain.get(row.getFirst());
      assertTrue(truth != null, "no group " + row.getFirst());
      for (int c = 0; c < truth.size(); c++) {
        BigDecimal low = new BigDecimal(row.get(2 + 3 * c));
        BigDecimal high = new BigDecimal(row.get(3 + 3 * c));
        BigDecimal slack = new BigDecimal("1e-9");
        inside +=
            low.subtract(slack).compareTo(truth.get(c)) <= 0
                    && truth.get(c).compareTo(high.add(slack)) <= 0
                ? 1
                : 0;
        all++;
      }
    }
    return new int[] {inside, all};
  }

  private void compare(
      String file, String table, String privacy, String sql, String plainSql, int groups)
      throws Exception {
    publish(file, table);
    Plan plan = plan(job(table, sql, privacy));
    Map<String, List<BigDecimal>> plain = plain(file, plainSql);
    int inside = 0;
    int all = 0;
    for (int seed = 1; seed <= 5; seed++) {
      Answer answer = answer(plan, seed);
      assertEquals(groups, answer.rows().size(), answer::toString);
      int[] held = held(answer, plain);
      inside += held[0];
      all += held[1];
    }
    assertTrue(inside >= 0.9 * all, "%d of %d cells held the plain figure".formatted(inside, all));
  }

  @Test
  void households_byFamilySize_withTheirIncome() throws Exception {
    compare(
        "margarine_households.csv",
        "households",
        "epsilon: 4, minGroup: 5, maxGroups: 1, maxRows: 1",
        """
        SELECT CASE WHEN Fam_Size = 1 THEN 'alone' WHEN Fam_Size = 2 THEN 'two' ELSE 'more' END AS size,
          COUNT(DISTINCT hhid) AS households,
          AVG(CLAMP(Income, 0.0, 150.0)) AS income,
          STDDEV(CLAMP(Income, 0.0, 150.0)) AS spread,
          MEDIAN(CLAMP(Income, 0.0, 150.0)) AS middle,
          SUM(CLAMP(CASE WHEN college = 1 THEN 1 ELSE 0 END, 0, 1)) * 100 / COUNT(*) AS college_percent
        FROM households GROUP BY size ORDER BY households DESC
        """,
        """
        SELECT CASE WHEN Fam_Size = 1 THEN 'alone' WHEN Fam_Size = 2 THEN 'two' ELSE 'more' END,
          count(DISTINCT hhid), avg(Income), stddev(Income), quantile_disc(Income, 0.5), sum(college) * 100 / count(*)
        FROM %s GROUP BY 1
        """,
        3);
  }

  @Test
  void purchases_byBrandOfAPublicTable_withThePricePaid() throws Exception {
    compare(
        "margarine_purchases.csv",
        "purchases",
        "epsilon: 10, minGroup: 1, maxGroups: 2, maxRows: 43",
        """
        WITH kinds(choice, kind) AS (VALUES (1, 'stick'), (2, 'stick'), (3, 'stick'), (4, 'stick'),
               (5, 'stick'), (6, 'stick'), (7, 'tub'), (8, 'tub'), (9, 'tub'), (10, 'tub')),
             bought AS (SELECT hhid, choice, CASE choice WHEN 1 THEN PPk_Stk WHEN 2 THEN PBB_Stk WHEN 4 THEN PHse_Stk
               WHEN 7 THEN PSS_Tub ELSE NULL END AS paid FROM purchases)
        SELECT kind, COUNT(*) AS purchases, COUNT(paid) AS priced, SUM(CLAMP(paid, 0.00, 2.00)) AS spent
        FROM bought b JOIN kinds k ON b.choice = k.choice GROUP BY kind
        """,
        """
        WITH bought AS (SELECT *, CASE choice WHEN 1 THEN PPk_Stk WHEN 2 THEN PBB_Stk WHEN 4 THEN PHse_Stk
               WHEN 7 THEN PSS_Tub END AS paid FROM %s)
        SELECT CASE WHEN choice < 7 THEN 'stick' ELSE 'tub' END, count(*), count(paid), sum(paid)
        FROM bought GROUP BY 1
        """,
        2);
  }

  /** How loyal are people to a shop? A row for each household at each shop. */
  @Test
  void householdsAtAShop_byHowOftenTheyBuy() throws Exception {
    publish("margarine_purchases.csv", "purchases");
    String sql =
        """
        WITH homes AS (SELECT hhid, COUNT(*) AS times FROM purchases GROUP BY hhid)
        SELECT CASE WHEN times >= 5 THEN 'often' ELSE 'seldom' END AS how, COUNT(*) AS homes
        FROM homes GROUP BY how
        """;
    Plan plan = plan(job("purchases", sql, "epsilon: 2, minGroup: 20, maxGroups: 1, maxRows: 1"));
    Map<String, List<BigDecimal>> plain =
        plain(
            "margarine_purchases.csv",
            """
            WITH numbered AS (SELECT *, row_number() OVER () AS n FROM %s),
                 homes AS (SELECT hhid, n %% 2 AS shop, count(*) AS times FROM numbered GROUP BY 1, 2)
            SELECT CASE WHEN times >= 5 THEN 'often' ELSE 'seldom' END, count(*) FROM homes GROUP BY 1
            """);
    int[] held = held(answer(plan, 3), plain);
    assertEquals(2, held[1]);
    assertTrue(held[0] >= 1, plain::toString);
  }
}

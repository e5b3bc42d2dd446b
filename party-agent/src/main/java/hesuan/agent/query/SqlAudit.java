package hesuan.agent.query;

import hesuan.dp.BitPool;
import hesuan.dp.Delta;
import hesuan.dp.NoiseScale;
import hesuan.dp.QueryNoise;
import hesuan.dp.account.GaussianCalibration;
import hesuan.dp.account.PrivacyEvent;
import hesuan.dp.audit.AuditCase;
import hesuan.dp.audit.Mutation;
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
import hesuan.wire.Rho;
import hesuan.wire.SecretBytes;
import java.nio.ByteBuffer;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.duckdb.DuckDBConnection;

/**
 * Whole SQL plans for the auditor: from the analyst's text over the planner and the owner's DuckDB
 * to the addend that leaves the owner, on two databases of which one has a person more who does the
 * most that the bounds allow, and tries to do more. The attacker is whoever receives the addend.
 */
public final class SqlAudit {
  private static final LocalDate DAY = LocalDate.of(2026, 1, 1);
  private static final List<PartyId> OWNERS = List.of(new PartyId("shop-a"), new PartyId("shop-b"));

  /** Of whom two may be unreliable where noise is shared. */
  private static final List<PartyId> SHARING =
      Stream.of("shop-a", "shop-b", "shop-c", "shop-d", "shop-e").map(PartyId::new).toList();

  private static final int UNRELIABLE = 2;

  /** Larger than a job may ask for, so that what a fault adds to it shows in few runs. */
  private static final Delta GAUSSIAN_DELTA = Delta.parse("0.1");

  private static final List<String> CITIES = List.of("a", "b", "c", "elsewhere");
  private static final String EPSILON = "2";
  private static final int ROWS_MAX = 2;
  private static final int UNBOUNDED = 1000;
  private static final int PEOPLE = 12;
  private static final int ORDER_SECRET = 7;

  /** Odds in units that keep the attacker's sums whole. */
  private static final long ODDS = 1L << 20;

  private static final long SURE = 1L << 56;

  /**
   * @param maxGroups of a person; with 1, distinct people and rows carry noise of one scale
   */
  private record Question(String name, String sql, int maxGroups, int maxRows) {}

  private static final Question COUNTS =
      new Question(
          "SQL: people and rows",
          "SELECT city, COUNT(DISTINCT id) AS people, COUNT(*) AS n FROM t WHERE city IN ('a', 'b', 'c') GROUP BY city",
          2,
          1);
  private static final Question SUM =
      new Question("SQL: sum", "SELECT SUM(CLAMP(amount, -20, 50)) AS s FROM t", 1, ROWS_MAX);
  private static final Question SUMS =
      new Question(
          "SQL: sum and mean",
          "SELECT city, COUNT(*) AS n, SUM(CLAMP(amount, -20, 50)) AS s, AVG(CLAMP(amount * 2, 0, 90)) AS m FROM t WHERE city IN ('a', 'b', 'c') AND amount > -1000 GROUP BY city",
          2,
          ROWS_MAX);
  private static final Question PER_PERSON =
      new Question(
          "SQL: groups of people's totals",
          "WITH p AS (SELECT id, SUM(amount) AS s, COUNT(*) AS n FROM t GROUP BY id) SELECT CASE WHEN s > 60 THEN 'much' ELSE 'little' END AS k, COUNT(*) AS people, SUM(CLAMP(n, 0, 7)) AS visits FROM p GROUP BY k",
          1,
          1);
  private static final Question MEDIAN =
      new Question(
          "SQL: median",
          "SELECT COUNT(*) AS n, MEDIAN(CLAMP(amount, 0, 15)) AS q FROM t",
          1,
          ROWS_MAX);

  private SqlAudit() {}

  /** All plans as built, then mutants. */
  public static List<AuditCase> all() {
    return List.of(
        new Audited(COUNTS).under(Mutation.NONE),
        new Audited(SUM).under(Mutation.NONE),
        new Audited(SUMS).under(Mutation.NONE),
        new Audited(PER_PERSON).under(Mutation.NONE),
        new Audited(MEDIAN).under(Mutation.NONE),
        new Audited(COUNTS).under(Mutation.REUSE),
        new Audited(COUNTS).under(Mutation.RETRY),
        new Audited(SUM).under(Mutation.SCALE),
        new Audited(SUMS).under(Mutation.BOUND),
        new Audited(SUMS).under(Mutation.SENSITIVITY),
        new Audited(MEDIAN).under(Mutation.BOUND),
        new Shared(COUNTS).under(Mutation.NONE),
        new Shared(SUMS).under(Mutation.NONE),
        new Shared(MEDIAN).under(Mutation.NONE),
        new Shared(COUNTS).under(Mutation.SHARE),
        new Shared(COUNTS).under(Mutation.SCALE),
        new Shared(SUM).under(Mutation.NORM),
        new Shared(SUMS).under(Mutation.SENSITIVITY),
        new Shared(SUMS).under(Mutation.BOUND));
  }

  /**
   * Five owners share the noise; two of them are with the reader, who takes their addends away. The
   * person is at one of the three others.
   */
  private record Shared(Question question) {
    AuditCase under(Mutation mutation) {
      Plan.DpQuery promised = plan(question.maxGroups, question.maxRows);
      Plan.DpQuery ran = mutation == Mutation.BOUND ? plan(UNBOUNDED, UNBOUNDED) : promised;
      Plan.DpQuery noising =
          switch (mutation) {
            case SHARE -> times(promised, SHARING.size(), SHARING.size() - UNRELIABLE);
            case SCALE -> times(promised, 400, 289);
            case NORM -> {
              Plan.Aggregate figure = promised.aggregates().getFirst();
              yield times(
                  promised,
                  QueryNoise.sensitivitySquared(promised, figure).longValueExact(),
                  QueryNoise.sensitivity(promised, figure));
            }
            case SENSITIVITY -> plan(1, question.maxRows);
            case NONE, BOUND, REUSE, RETRY, THRESHOLD, DELTA_SPLIT, FLOAT_SUM -> promised;
          };
      QueryNoise noise = QueryNoise.of(noising, 1);
      long[] without = cells(ran, rows(false));
      long[] with = cells(ran, rows(true));
      double[] odds = odds(noise, noising);
      return new AuditCase(
          question.name + ", shared noise",
          mutation,
          Double.parseDouble(EPSILON),
          GAUSSIAN_DELTA.toDouble(),
          (bits, present) -> {
            long[] sum = noise.noised(present ? with : without, seed(bits));
            for (int other = 1; other < SHARING.size() - UNRELIABLE; other++) {
              long[] addend = noise.noised(new long[sum.length], seed(bits));
              Arrays.setAll(addend, cell -> addend[cell] + sum[cell]);
              System.arraycopy(addend, 0, sum, 0, sum.length);
            }
            double likelier = 0;
            for (int a = 0; a < noising.aggregates().size(); a++) {
              for (int cell = noise.cell(a, 0); cell < end(noise, noising, a); cell++) {
                double offWithout = (double) sum[cell] / noise.fineness(a) - without[cell];
                double offWith = (double) sum[cell] / noise.fineness(a) - with[cell];
                likelier += odds[cell] * (offWithout * offWithout - offWith * offWith);
              }
            }
            return Math.round(likelier * ODDS);
          });
    }

    /** As planned, for the audit's delta. */
    private Plan.DpQuery plan(int maxGroups, int maxRows) {
      Plan.DpQuery planned =
          SqlAudit.plan(
              SHARING,
              List.of("shared-noise:%d-of-%d".formatted(UNRELIABLE, SHARING.size())),
              question.sql,
              "epsilon: %s, minGroup: 1, maxGroups: %d, maxRows: %d, noise: shared, delta: 0.001"
                  .formatted(EPSILON, maxGroups, maxRows));
      return planned.withNoise(
          shared(
              GaussianCalibration.rho(
                  Epsilon.parse(EPSILON),
                  GAUSSIAN_DELTA,
                  rho ->
                      PrivacyEvent.of(
                          QueryNoise.of(planned.withNoise(shared(rho)), 1).shielded()))));
    }

    private static Plan.SharedNoise shared(Rho rho) {
      return new Plan.SharedNoise(UNRELIABLE, GAUSSIAN_DELTA.value().toPlainString(), rho);
    }

    /** With a rho so many times too large, so with too little noise. */
    private static Plan.DpQuery times(Plan.DpQuery query, long numerator, long denominator) {
      long picos = Objects.requireNonNull(query.shared()).rho().picos();
      return query.withNoise(shared(new Rho(picos * numerator / denominator)));
    }

    private static double[] odds(QueryNoise noise, Plan.DpQuery query) {
      double[] odds = new double[noise.cells()];
      for (int a = 0; a < query.aggregates().size(); a++) {
        double sigma = noise.shielded().get(a).variance().sigma() / noise.fineness(a);
        Arrays.fill(odds, noise.cell(a, 0), end(noise, query, a), 1 / (2 * sigma * sigma));
      }
      return odds;
    }
  }

  /** Where the cells of an aggregate end. */
  private static int end(QueryNoise noise, Plan.DpQuery query, int aggregate) {
    return noise.cell(aggregate, query.groups().size());
  }

  private record Audited(Question question) {
    AuditCase under(Mutation mutation) {
      boolean unbounded = mutation == Mutation.BOUND;
      Plan.DpQuery promised = plan(question.sql, EPSILON, question.maxGroups, question.maxRows);
      Plan.DpQuery ran = unbounded ? plan(question.sql, EPSILON, UNBOUNDED, UNBOUNDED) : promised;
      Plan.DpQuery noising =
          switch (mutation) {
            case SCALE -> plan(question.sql, "2.352941", question.maxGroups, question.maxRows);
            case SENSITIVITY -> plan(question.sql, EPSILON, 1, question.maxRows);
            case NONE, BOUND, REUSE, RETRY, THRESHOLD, DELTA_SPLIT, FLOAT_SUM, NORM, SHARE ->
                promised;
          };
      QueryNoise noise = QueryNoise.of(noising, 1);
      long[] without = cells(ran, rows(false));
      long[] with = cells(ran, rows(true));
      long[] odds = odds(noise, noising);
      int attempts = mutation == Mutation.RETRY ? 2 : 1;
      boolean reuse = mutation == Mutation.REUSE;
      return new AuditCase(
          question.name,
          mutation,
          Double.parseDouble(EPSILON),
          0,
          (bits, present) -> {
            long likelier = 0;
            for (int attempt = 0; attempt < attempts; attempt++) {
              long[] addend = noise.noised(present ? with : without, seed(bits));
              if (reuse) {
                reuse(addend, present ? with : without);
              }
              likelier += likelier(addend, without, with, odds) + told(addend, without, with);
            }
            return likelier;
          });
    }
  }

  /** How much likelier the addend is with the person: the logarithm of the ratio of its masses. */
  private static long likelier(long[] addend, long[] without, long[] with, long[] odds) {
    long likelier = 0;
    for (int cell = 0; cell < addend.length; cell++) {
      likelier +=
          odds[cell]
              * (Math.abs(addend[cell] - without[cell]) - Math.abs(addend[cell] - with[cell]));
    }
    return likelier;
  }

  /** Of each cell, the inverse of its noise's scale. */
  private static long[] odds(QueryNoise noise, Plan.DpQuery query) {
    long[] odds = new long[noise.cells()];
    for (int a = 0; a < query.aggregates().size(); a++) {
      NoiseScale scale = (NoiseScale) noise.noise(a);
      long one = ODDS * scale.denominator() / scale.numerator();
      Arrays.fill(odds, noise.cell(a, 0), end(noise, query, a), one);
    }
    return odds;
  }

  /** Every cell gets the noise of the first. */
  private static void reuse(long[] addend, long[] truth) {
    long noise = addend[0] - truth[0];
    Arrays.setAll(addend, cell -> truth[cell] + noise);
  }

  /** One noise in all cells cancels in their differences. */
  private static long told(long[] addend, long[] without, long[] with) {
    boolean isWith = true;
    boolean isWithout = true;
    for (int cell = 1; cell < addend.length; cell++) {
      long difference = addend[cell] - addend[0];
      isWith &= difference == with[cell] - with[0];
      isWithout &= difference == without[cell] - without[0];
    }
    return isWith == isWithout ? 0 : isWith ? SURE : -SURE;
  }

  private static SecretBytes seed(BitPool bits) {
    ByteBuffer seed = ByteBuffer.allocate(BitPool.SEED_BYTES);
    while (seed.hasRemaining()) {
      seed.putLong(bits.nextLong());
    }
    return new SecretBytes(seed.array());
  }

  private static Plan.DpQuery plan(String sql, String epsilon, int maxGroups, int maxRows) {
    return plan(
        OWNERS,
        List.of(),
        sql,
        "epsilon: %s, minGroup: 1, maxGroups: %d, maxRows: %d"
            .formatted(epsilon, maxGroups, maxRows));
  }

  private static Plan.DpQuery plan(
      List<PartyId> owners, List<String> assumptions, String sql, String privacy) {
    Map<ProductRef, PublishedProduct> products = new TreeMap<>();
    for (PartyId owner : owners) {
      PublishedProduct product = PublishedProduct.of(product(owner));
      products.put(product.product().ref(), product);
    }
    Contract contract =
        new Contract(
            Product.VERSION,
            new ContractId("ctr-audit"),
            owners.stream().map(p -> new Contract.Member(p, Digest.of("keys of " + p))).toList(),
            List.of("audit"),
            owners.stream().map(p -> p + "/t").toList(),
            List.of("dpQuery"),
            List.of(new Contract.Output("aggregate", owners)),
            DAY,
            DAY,
            1,
            assumptions);
    PlanResult result =
        Planner.plan(
            JobReader.read(
                """
                apiVersion: hesuan/v1
                kind: Job
                metadata: {name: audit}
                purpose: {code: audit}
                contract: ctr-audit
                inputs: {t: [%s]}
                what:
                  sql: |
                    %s
                privacy: {unit: id, %s}
                outputs: [{name: figures, to: [shop-a]}]
                """
                    .formatted(
                        owners.stream().map(o -> o + "/t@1").collect(Collectors.joining(", ")),
                        sql,
                        privacy)),
            JobId.of(owners.getFirst(), "audit-of-sql"),
            products,
            contract,
            DAY);
    return switch (result) {
      case PlanResult.Planned planned -> (Plan.DpQuery) planned.plan().steps().getFirst();
      case PlanResult.Refused refused -> throw new IllegalStateException(refused.toString());
    };
  }

  private static Product product(PartyId owner) {
    return new Product(
        Product.VERSION,
        ProductRef.parse(owner + "/t@1"),
        "rows of the audit",
        List.of(
            new Product.Column("id", ColumnType.STRING),
            new Product.Column("city", ColumnType.STRING),
            new Product.Column("amount", ColumnType.INTEGER)),
        new Product.Id("id", IdRule.OPAQUE),
        List.of(
            new Product.DisclosureRule("*", Disclosure.AGGREGATE, List.of("*"), List.of("*"), DAY)),
        new Product.Terms(1, Epsilon.parse("10")),
        Digest.of("rows of " + owner),
        UNBOUNDED);
  }

  private static long[] cells(Plan.DpQuery query, List<String> rows) {
    Properties properties = new Properties();
    properties.setProperty("jdbc_stream_results", "true");
    try (DuckDBConnection duck =
            (DuckDBConnection) DriverManager.getConnection("jdbc:duckdb:", properties);
        Statement statement = duck.createStatement()) {
      statement.execute("CREATE TABLE visible (id VARCHAR, city VARCHAR, amount BIGINT)");
      statement.execute("INSERT INTO visible VALUES " + String.join(", ", rows));
      statement.execute(
          "CREATE TABLE person AS SELECT DISTINCT id AS raw, CAST(hash(id) >> 1 AS BIGINT) AS unit FROM visible");
      return new BoundedQuery(query, "id", ORDER_SECRET).run(duck);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The person has many rows in every city, with all that an amount can be. */
  private static List<String> rows(boolean present) {
    List<String> rows = new ArrayList<>();
    for (int person = 0; person < PEOPLE; person++) {
      for (int i = 0; i <= person % 3; i++) {
        rows.add(
            "('p%d', '%s', %d)"
                .formatted(person, CITIES.get((person + i) % CITIES.size()), 7 * person - 10));
      }
    }
    if (present) {
      for (String city : CITIES) {
        for (int i = 0; i < 6; i++) {
          rows.add("('one', '%s', 1000000)".formatted(city));
        }
      }
    }
    return rows;
  }
}

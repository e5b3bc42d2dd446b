package hesuan.demo.data;

import hesuan.demo.data.Population.Examples;
import hesuan.demo.data.Population.Party;
import hesuan.demo.data.Population.Rows;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Collectors;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;
import org.jspecify.annotations.Nullable;

/**
 * Writes what three parties hold, each in the format that its systems use: the brand in CSV files,
 * the mall in Parquet files, the payment platform in one DuckDB file. Beside the party's own
 * product ({@code members}, {@code visits}, {@code users}), each has {@code orders}, {@code
 * features} and {@code stores} of one shape. The ids of the own products are dirty and repeated;
 * those of the others are clean.
 */
public final class DemoData {
  public static final String BRAND_MEMBERS = "brand/members.csv";
  public static final String MALL_VISITS = "mall/visits.parquet";
  public static final String PAY_FILE = "pay/pay.duckdb";
  public static final String TRUTH = "truth.json";

  /** Who saw the platform's campaign, and who was spared. */
  public static final List<String> ARMS = List.of("投放", "对照");

  private static final LocalDate FIRST_DAY = LocalDate.of(2026, 6, 1);
  private static final double DIRTY_SHARE = 0.15;
  private static final List<String> TIERS = List.of("普通", "银卡", "金卡", "黑卡");
  private static final List<String> CATEGORIES = List.of("服饰", "餐饮", "美妆", "运动", "亲子", "数码");
  private static final List<String> AGE_BANDS = List.of("18-24", "25-34", "35-44", "45-54", "55+");
  private static final String ORDERS = "phone VARCHAR, city VARCHAR, amount_fen BIGINT, day DATE";
  private static final String STORES = "store VARCHAR, city VARCHAR, turnover_fen BIGINT";

  private final Population population;
  private final Path folder;

  private DemoData(Population population, Path folder) {
    this.population = population;
    this.folder = folder;
  }

  /**
   * Writes all files under the folder, over those of an earlier run, and returns the answers, which
   * it also writes to {@link #TRUTH}. One seed gives the same data always.
   */
  public static Truth write(long seed, Path folder, Truth.Bounds bounds) throws IOException {
    DemoData data = new DemoData(Population.of(seed), folder);
    Map<String, Integer> unusable = new TreeMap<>();
    try {
      unusable.put(Party.BRAND.text(), data.writeBrand());
      unusable.put(Party.MALL.text(), data.writeMall());
      unusable.put(Party.PAY.text(), data.writePay());
    } catch (SQLException e) {
      throw new IOException("DuckDB could not write the demo's data", e);
    }
    Truth truth = data.population.truth(bounds, unusable);
    Files.writeString(folder.resolve(TRUTH), truth.json());
    return truth;
  }

  private int writeBrand() throws IOException {
    readme(Party.BRAND, "CSV");
    RandomGenerator random = random(Party.BRAND);
    Rows members = population.records(Party.BRAND);
    int junk = members.size() / 200;
    try (BufferedWriter out = csv("brand/members.csv", "phone,city,tier,joined")) {
      for (int row = 0; row < members.size(); row++) {
        writeMember(out, phone(members, row, random), members.city()[row], random);
      }
      for (int i = 0; i < junk; i++) {
        String text = DirtyPhones.junk(random);
        writeMember(out, text == null ? "" : text, i % Population.CITIES.size(), random);
      }
    }
    Rows orders = population.orders(Party.BRAND);
    try (BufferedWriter out = csv("brand/orders.csv", "phone,city,amount_fen,day")) {
      for (int row = 0; row < orders.size(); row++) {
        line(
            out,
            Population.phone(orders.person()[row]),
            city(orders, row),
            orders.amountFen()[row],
            day(orders, row));
      }
    }
    Examples examples = population.examples(Party.BRAND);
    String header = "phone," + String.join(",", Population.FEATURES) + ",bought";
    try (BufferedWriter out = csv("brand/features.csv", header)) {
      for (int row = 0; row < examples.size(); row++) {
        line(out, exampleCells(examples, row));
      }
    }
    try (BufferedWriter out = csv("brand/stores.csv", "store,city,turnover_fen")) {
      for (int store = 0; store < Population.STORES.size(); store++) {
        line(
            out,
            Population.STORES.get(store),
            storeCity(store),
            population.turnoverFen(Party.BRAND)[store]);
      }
    }
    return junk;
  }

  private static void writeMember(
      BufferedWriter out, String phone, int city, RandomGenerator random) throws IOException {
    LocalDate joined = FIRST_DAY.minusDays(1 + random.nextInt(2000));
    line(out, phone, Population.CITIES.get(city), skewed(TIERS, random), joined);
  }

  private int writeMall() throws IOException, SQLException {
    readme(Party.MALL, "Parquet");
    try (DuckDBConnection database = open("")) {
      int junk =
          table(
              database,
              "visits",
              "phone VARCHAR, city VARCHAR, category VARCHAR, amount_fen BIGINT, visit_date DATE",
              appender -> {
                RandomGenerator random = random(Party.MALL);
                Rows visits = population.records(Party.MALL);
                for (int row = 0; row < visits.size(); row++) {
                  append(
                      appender,
                      phone(visits, row, random),
                      city(visits, row),
                      skewed(CATEGORIES, random),
                      (long) visits.amountFen()[row],
                      day(visits, row));
                }
                int count = visits.size() / 300;
                for (int i = 0; i < count; i++) {
                  append(
                      appender,
                      DirtyPhones.junk(random),
                      Population.CITIES.get(i % Population.CITIES.size()),
                      skewed(CATEGORIES, random),
                      5000L,
                      FIRST_DAY);
                }
                return count;
              });
      sharedTables(database, Party.MALL);
      for (String table : List.of("visits", "orders", "features", "stores")) {
        String file = folder.resolve("mall/" + table + ".parquet").toString().replace("'", "''");
        execute(database, "COPY " + table + " TO '" + file + "' (FORMAT parquet)");
      }
      return junk;
    }
  }

  private int writePay() throws IOException, SQLException {
    readme(Party.PAY, "DuckDB");
    Path file = folder.resolve(PAY_FILE);
    Files.deleteIfExists(file);
    Files.deleteIfExists(file.resolveSibling(file.getFileName() + ".wal"));
    try (DuckDBConnection database = open(file.toString())) {
      int junk =
          table(
              database,
              "users",
              "phone VARCHAR, city VARCHAR, age_band VARCHAR, amount_fen BIGINT",
              appender -> {
                RandomGenerator random = random(Party.PAY);
                Rows users = population.records(Party.PAY);
                for (int row = 0; row < users.size(); row++) {
                  append(
                      appender,
                      phone(users, row, random),
                      city(users, row),
                      skewed(AGE_BANDS, random),
                      (long) users.amountFen()[row]);
                }
                int count = users.size() / 400;
                for (int i = 0; i < count; i++) {
                  append(
                      appender,
                      DirtyPhones.junk(random),
                      Population.CITIES.get(i % Population.CITIES.size()),
                      skewed(AGE_BANDS, random),
                      5000L);
                }
                return count;
              });
      campaign(database);
      sharedTables(database, Party.PAY);
      return junk;
    }
  }

  private void campaign(DuckDBConnection database) throws SQLException {
    Population.Exposures exposures = population.exposures();
    table(
        database,
        "campaign",
        "phone VARCHAR, arm VARCHAR, theme VARCHAR, day DATE",
        appender -> {
          for (int row = 0; row < exposures.size(); row++) {
            boolean treated = exposures.treated()[row];
            append(
                appender,
                Population.phone(exposures.person()[row]),
                treated ? ARMS.getFirst() : ARMS.getLast(),
                treated ? Population.THEMES.get(exposures.theme()[row]) : "",
                FIRST_DAY.plusDays(exposures.day()[row]));
          }
          return 0;
        });
  }

  private void sharedTables(DuckDBConnection database, Party party) throws SQLException {
    Rows orders = population.orders(party);
    table(
        database,
        "orders",
        ORDERS,
        appender -> {
          for (int row = 0; row < orders.size(); row++) {
            append(
                appender,
                Population.phone(orders.person()[row]),
                city(orders, row),
                (long) orders.amountFen()[row],
                day(orders, row));
          }
          return orders.size();
        });
    Examples examples = population.examples(party);
    String columns =
        Population.FEATURES.stream()
            .map(feature -> feature + " DECIMAL(9,4), ")
            .collect(Collectors.joining("", "phone VARCHAR, ", "bought INTEGER"));
    table(
        database,
        "features",
        columns,
        appender -> {
          for (int row = 0; row < examples.size(); row++) {
            append(appender, exampleCells(examples, row));
          }
          return examples.size();
        });
    table(
        database,
        "stores",
        STORES,
        appender -> {
          for (int store = 0; store < Population.STORES.size(); store++) {
            append(
                appender,
                Population.STORES.get(store),
                storeCity(store),
                population.turnoverFen(party)[store]);
          }
          return Population.STORES.size();
        });
  }

  /** Says in the folder itself what these files are, for whoever finds them there. */
  private void readme(Party party, String format) throws IOException {
    Path home = folder.resolve(party.text());
    Files.createDirectories(home);
    Files.writeString(
        home.resolve("README.md"),
        """
        # Synthetic data, in %s

        Made up by `hesuan demo` from seed %d. Nobody in here exists: names there are none, and the
        phone numbers begin with 163, a prefix that to our knowledge is not given to subscribers.
        They only pass the rule `phone-cn/1`. Delete or keep them as you like.

        # 合成数据

        由 `hesuan demo` 以种子 %d 生成，其中没有任何真实的人；手机号以 163 开头，据我们所知该号段未向公众放号。
        """
            .formatted(format, population.seed(), population.seed()));
  }

  private static String phone(Rows rows, int row, RandomGenerator random) {
    return DirtyPhones.written(Population.phone(rows.person()[row]), DIRTY_SHARE, random);
  }

  private static String city(Rows rows, int row) {
    return Population.CITIES.get(rows.city()[row]);
  }

  private static LocalDate day(Rows rows, int row) {
    return FIRST_DAY.plusDays(rows.day()[row]);
  }

  /** Where a store is, by its place in the list of stores. */
  public static String storeCity(int store) {
    return Population.CITIES.get(store % Population.CITIES.size());
  }

  private static Object[] exampleCells(Examples examples, int row) {
    int width = Population.FEATURES.size();
    List<Object> cells = new ArrayList<>();
    cells.add(Population.phone(examples.person()[row]));
    for (int j = 0; j < width; j++) {
      cells.add(decimal(examples.features()[row * width + j]));
    }
    cells.add((int) examples.bought()[row]);
    return cells.toArray();
  }

  private static java.math.BigDecimal decimal(float value) {
    return java.math.BigDecimal.valueOf(Math.round(value * 10_000d), 4);
  }

  private static String skewed(List<String> values, RandomGenerator random) {
    double at = random.nextDouble();
    return values.get((int) (at * at * values.size()));
  }

  private BufferedWriter csv(String file, String header) throws IOException {
    BufferedWriter out = Files.newBufferedWriter(folder.resolve(file), StandardCharsets.UTF_8);
    out.write(header);
    out.write('\n');
    return out;
  }

  private static void line(BufferedWriter out, Object... cells) throws IOException {
    for (int i = 0; i < cells.length; i++) {
      if (i > 0) {
        out.write(',');
      }
      out.write(cells[i].toString());
    }
    out.write('\n');
  }

  /** Fills a table and says of how many rows it made use. */
  private interface Filling {
    int fill(DuckDBAppender appender) throws SQLException;
  }

  private static int table(DuckDBConnection database, String table, String columns, Filling filling)
      throws SQLException {
    execute(database, "CREATE TABLE " + table + " (" + columns + ")");
    try (DuckDBAppender appender = database.createAppender("main", table)) {
      return filling.fill(appender);
    }
  }

  private static void append(DuckDBAppender appender, @Nullable Object... cells)
      throws SQLException {
    appender.beginRow();
    for (Object cell : cells) {
      switch (cell) {
        case null -> appender.appendNull();
        case String text -> appender.append(text);
        case Long number -> appender.append(number);
        case Integer number -> appender.append(number);
        case java.math.BigDecimal number -> appender.append(number);
        case LocalDate date -> appender.append(date);
        default -> throw new IllegalArgumentException("no column holds a " + cell.getClass());
      }
    }
    appender.endRow();
  }

  /** One thread, so that the same rows give the same Parquet file. */
  private static DuckDBConnection open(String file) throws SQLException {
    DuckDBConnection database =
        (DuckDBConnection) DriverManager.getConnection("jdbc:duckdb:" + file);
    execute(database, "SET threads = 1");
    return database;
  }

  private static void execute(DuckDBConnection database, String sql) throws SQLException {
    try (Statement statement = database.createStatement()) {
      statement.execute(sql);
    }
  }

  private RandomGenerator random(Party party) {
    return RandomGeneratorFactory.of("L64X128MixRandom")
        .create(population.seed() + 31L * party.text().hashCode());
  }
}

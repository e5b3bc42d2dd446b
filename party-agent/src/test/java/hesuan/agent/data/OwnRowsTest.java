package hesuan.agent.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import hesuan.agent.query.BoundedQuery;
import hesuan.source.Profile;
import hesuan.source.ReadLimits;
import hesuan.source.Source;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.IdRule;
import hesuan.wire.Plan;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import hesuan.wire.SecretBytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnRowsTest {
  private static final List<String> CITIES = List.of("a", "b", "c");
  private static final String PERSON = "13800000001";
  private static final String OTHER = "13800000002";

  @TempDir Path folder;
  private final HeldRows held = new HeldRows(256, Clock.systemUTC());

  @AfterEach
  void drop() {
    held.close();
  }

  /** One person with four rows in a, two in b, one in c under two spellings; another with one. */
  private OwnRows rows(String filter) throws IOException {
    Path file = folder.resolve("orders.csv");
    Files.writeString(
        file,
        """
        phone,city,amount
        %1$s,a,10
        +86 %1$s,a,10
        %1$s,a,10
        %1$s,a,10
        %1$s,b,20
        %1$s,b,20
        %1$s,c,900
        %2$s,a,7
        nobody,a,1000
        ,a,1000
        """
            .formatted(PERSON, OTHER));
    Source source = new Source.Csv(file);
    return OwnRows.open(product(source), source, filter, limits(), held);
  }

  private ReadLimits limits() {
    return ReadLimits.in(folder.resolve("tmp"));
  }

  private Product product(Source source) {
    Product.Id id = new Product.Id("phone", IdRule.PHONE_CN);
    return new Product(
        Product.VERSION,
        ProductRef.parse("shop-a/orders@1"),
        "orders",
        Profile.of(source, id, limits()).productColumns(),
        id,
        List.of(),
        new Product.Terms(1, Epsilon.parse("1")),
        Digest.of("x"),
        10);
  }

  private static Plan.DpQuery query(int maxGroups, int maxRows) {
    return new Plan.DpQuery(
        "q",
        List.of(ProductRef.parse("shop-a/orders@1")),
        "SELECT \"@unit\", CAST(\"city\" AS VARCHAR) AS \"@k0\", \"amount\" AS \"@v0\" FROM \"@part\" AS \"@t\" WHERE TRUE",
        List.of("city"),
        CITIES.stream().map(List::of).toList(),
        null,
        null,
        List.of(
            aggregate(Plan.AggregateKind.COUNT, null, 0, 1),
            aggregate(Plan.AggregateKind.COUNT_DISTINCT_UNIT, null, 0, 1),
            aggregate(Plan.AggregateKind.SUM, 0, 0, 50)),
        new Plan.Outcome(List.of(), null, List.of(), 0, 0),
        List.of(),
        maxGroups,
        maxRows,
        10,
        false,
        List.of());
  }

  private static Plan.Aggregate aggregate(
      Plan.AggregateKind kind, @Nullable Integer value, long lower, long upper) {
    return new Plan.Aggregate(kind, kind.name(), "", value, 0, lower, upper, Epsilon.ZERO);
  }

  private long[] cells(int maxGroups, int maxRows, String filter) throws IOException, SQLException {
    long[] read = cells(maxGroups, maxRows, filter, false);
    assertArrayEquals(read, cells(maxGroups, maxRows, filter, true), "rows kept in memory");
    return read;
  }

  private long[] cells(int maxGroups, int maxRows, String filter, boolean keep)
      throws IOException, SQLException {
    Plan.DpQuery query = query(maxGroups, maxRows);
    try (OwnRows rows = rows(filter)) {
      if (keep) {
        rows.keep(query.rows());
        // Nothing of it comes from the file any more.
        Files.writeString(folder.resolve("orders.csv"), "phone,city,amount\n");
      }
      rows.findPeople(new SecretBytes(new byte[32]));
      return new BoundedQuery(query, "phone", 7).run(rows.connection());
    }
  }

  @Test
  void run_withoutTightBounds_countsPeopleOnceAndLeavesOutNobodies() throws Exception {
    assertArrayEquals(new long[] {5, 2, 1, 2, 1, 1, 47, 40, 50}, cells(3, 100, null));
  }

  @Test
  void run_boundsRowsOfAPersonInAGroup() throws Exception {
    assertArrayEquals(new long[] {3, 2, 1, 2, 1, 1, 27, 40, 50}, cells(3, 2, null));
  }

  @Test
  void run_boundsGroupsOfAPerson() throws Exception {
    long[] cells = cells(1, 100, null);
    assertEquals(2, cells[3] + cells[4] + cells[5], "one group each for two people");
  }

  @Test
  void run_sameSecret_choosesTheSame() throws Exception {
    assertArrayEquals(cells(1, 1, null), cells(1, 1, null));
  }

  /** More people than DuckDB hands over at once. */
  @Test
  void findPeople_ofManyRows_findsAll() throws Exception {
    StringBuilder csv = new StringBuilder("phone,city,amount\n");
    for (int i = 0; i < 20_000; i++) {
      csv.append(13_900_000_000L + i).append(",a,1\n");
    }
    Files.writeString(folder.resolve("many.csv"), csv);
    Source source = new Source.Csv(folder.resolve("many.csv"));
    try (OwnRows rows = OwnRows.open(product(source), source, null, limits(), held)) {
      rows.findPeople(new SecretBytes(new byte[32]));
      long[] cells = new BoundedQuery(query(1, 1), "phone", 7).run(rows.connection());
      assertEquals(20_000, cells[0]);
    }
  }

  @Test
  void open_withRowFilter_hidesTheOtherRows() throws Exception {
    assertArrayEquals(new long[] {0, 2, 0, 0, 1, 0, 0, 40, 0}, cells(3, 100, "\"city\" = 'b'"));
  }
}

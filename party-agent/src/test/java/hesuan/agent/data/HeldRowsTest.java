package hesuan.agent.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.agent.Agent;
import hesuan.agent.AgentConfig;
import hesuan.agent.budget.Budget;
import hesuan.agent.query.BoundedQuery;
import hesuan.evidence.SigningKeys;
import hesuan.policy.PartySettings;
import hesuan.policy.PolicyEngine;
import hesuan.source.ReadLimits;
import hesuan.source.Source;
import hesuan.source.SourceReader;
import hesuan.store.Store;
import hesuan.wire.Disclosure;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.IdRule;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import hesuan.wire.SecretBytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeldRowsTest {
  private static final PartyId SHOP = new PartyId("shop-a");
  private static final ProductRef FIRST = ProductRef.parse("shop-a/orders@1");
  private static final ProductRef SECOND = ProductRef.parse("shop-a/orders@2");
  private static final int MEGABYTES = 64;
  private static final long VALUES_MAX = MEGABYTES * 23_000L;

  @TempDir Path home;
  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-11-21T08:00:00Z"));
  private final Clock clock = new Ticking(now::get);
  private final HeldRows held = new HeldRows(MEGABYTES, clock);
  private int made;
  private Store store;
  private SigningKeys keys;
  private OwnProducts own;

  private static final class Ticking extends Clock {
    private final InstantSource source;

    Ticking(InstantSource source) {
      this.source = source;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return source.instant();
    }
  }

  @BeforeEach
  void open() throws IOException {
    Files.writeString(home.resolve("orders.csv"), "phone,city,amount\n13800000001,a,1\n");
    store = Store.open(home.resolve("state.db"), Agent.SCHEMA);
    keys = SigningKeys.generate(SHOP, new SecureRandom());
    own =
        new OwnProducts(
            store,
            keys,
            PolicyEngine.builtIn(PartySettings.defaults()),
            Budget.open(store, clock),
            home.resolve("tmp"),
            new AgentConfig(SHOP, "fed", "c:1", "c:2", null, null, "c:3", 256, 2),
            clock,
            new SecureRandom());
  }

  @AfterEach
  void close() {
    own.close();
    held.close();
    keys.close();
    store.close();
  }

  private HeldRows.Copy make(Set<String> columns, long values) {
    made++;
    SourceReader reader =
        SourceReader.open(
            new Source.Csv(home.resolve("orders.csv")), ReadLimits.in(home.resolve("spill")));
    return new HeldRows.Copy(
        reader, columns, new PersonIds.Builder(IdRule.PHONE_CN).build(), values);
  }

  private HeldRows.Copy take(ProductRef ref, long rows, String... columns) throws SQLException {
    return held.take(ref, rows, Set.of(columns), this::make).orElseThrow();
  }

  private static void assertClosed(HeldRows.Copy copy) {
    assertThrows(ProblemException.class, () -> copy.reader.connection().close());
  }

  private static void assertOpen(HeldRows.Copy copy) {
    assertDoesNotThrow(() -> copy.reader.connection().close());
  }

  @Test
  void take_columnsThatAreHeld_isTheSameCopy() throws Exception {
    HeldRows.Copy copy = take(FIRST, 10, "city", "amount");
    assertSame(copy, take(FIRST, 10, "city"));
    assertEquals(1, made);
  }

  @Test
  void take_anotherColumn_replacesTheCopyByOneWithBoth() throws Exception {
    HeldRows.Copy first = take(FIRST, 10, "city");
    HeldRows.Copy both = take(FIRST, 10, "amount");
    assertEquals(Set.of("city", "amount"), both.columns);
    assertOpen(first); // in use until its last user is through
    held.release(first);
    assertClosed(first);
  }

  @Test
  void take_moreThanFits_isNotHeld() throws Exception {
    assertTrue(held.take(FIRST, VALUES_MAX, Set.of("city"), this::make).isEmpty());
    HeldRows.Copy wide = take(FIRST, VALUES_MAX / 3, "city", "amount");
    held.release(wide);
    HeldRows.Copy other = take(FIRST, VALUES_MAX / 3, "day");
    assertEquals(Set.of("day"), other.columns, "the union would be too much");
  }

  @Test
  void take_ofAnotherVersion_makesRoomByWhatWasNotUsedLongest() throws Exception {
    HeldRows.Copy first = take(FIRST, VALUES_MAX / 4, "city");
    held.release(first);
    HeldRows.Copy second = take(SECOND, VALUES_MAX / 3, "city");
    assertClosed(first);
    assertOpen(second);
  }

  @Test
  void dropIdle_afterItsTime_closesOnlyWhatNobodyUses() throws Exception {
    HeldRows.Copy used = take(FIRST, 10, "city");
    HeldRows.Copy idle = take(SECOND, 10, "city");
    held.release(idle);
    now.updateAndGet(t -> t.plus(HeldRows.IDLE_MAX).minusMillis(1));
    held.dropIdle();
    assertOpen(idle);
    now.updateAndGet(t -> t.plusMillis(1));
    held.dropIdle();
    assertClosed(idle);
    assertOpen(used);
  }

  @Test
  void drop_inUse_closesAfterItsLastUser() throws Exception {
    HeldRows.Copy copy = take(FIRST, 10, "city");
    take(FIRST, 10, "city");
    held.drop(FIRST);
    held.release(copy);
    assertOpen(copy);
    held.release(copy);
    assertClosed(copy);
    assertNotEquals(copy, take(FIRST, 10, "city"));
  }

  // ---- through the agent's products

  private static Plan.DpQuery query(String value) {
    return new Plan.DpQuery(
        "q",
        List.of(FIRST),
        "SELECT \"@unit\", CAST(\"city\" AS VARCHAR) AS \"@k0\", %s AS \"@v0\" FROM \"@part\" AS \"@t\" WHERE TRUE"
            .formatted(value),
        List.of("city"),
        List.of(List.of("a"), List.of("b")),
        null,
        null,
        List.of(
            new Plan.Aggregate(
                Plan.AggregateKind.COUNT_DISTINCT_UNIT, "n", "", null, 0, 0, 1, Epsilon.ZERO),
            new Plan.Aggregate(Plan.AggregateKind.SUM, "s", "", 0, 0, 0, 50, Epsilon.ZERO)),
        new Plan.Outcome(List.of(), null, List.of(), 0, 0),
        List.of(),
        3,
        100,
        10,
        false,
        List.of());
  }

  private void publish() throws IOException {
    Files.writeString(
        home.resolve("orders.csv"),
        """
        phone,city,amount
        13800000001,a,10
        +86 13800000001,a,20
        13800000002,b,7
        nobody,a,40
        ,a,40
        """);
    own.publish(
        new PublishRequest(
            "orders",
            "orders",
            Json.mapper()
                .createObjectNode()
                .put("kind", "csv")
                .put("path", home.resolve("orders.csv").toString()),
            new Product.Id("phone", IdRule.PHONE_CN),
            List.of(
                new Product.DisclosureRule(
                    "*",
                    Disclosure.AGGREGATE,
                    List.of("*"),
                    List.of("benchmark"),
                    LocalDate.of(2027, 1, 1))),
            new Product.Terms(20, Epsilon.parse("1")),
            null,
            Epsilon.parse("1"),
            null,
            null));
  }

  private static long[] cells(OwnRows rows, int seed, String value) throws SQLException {
    byte[] secret = new byte[32];
    secret[0] = (byte) seed;
    rows.keep(query(value).rows());
    rows.findPeople(new SecretBytes(secret));
    return new BoundedQuery(query(value), "phone", 7).run(rows.connection());
  }

  private static final long[] TRUTH = {1, 1, 30, 7};

  @Test
  void open_byTwoJobsAtOnce_eachAsksTheOneCopyUnderItsOwnSecret() throws Exception {
    publish();
    try (OwnRows one = own.open(List.of(FIRST)).orElseThrow();
        OwnRows other = own.open(List.of(FIRST)).orElseThrow()) {
      assertArrayEquals(TRUTH, cells(one, 1, "amount"));
      assertArrayEquals(TRUTH, cells(other, 2, "amount"));
      assertNotEquals(units(one), units(other));
      other.requireUntouched();
    }
  }

  private static List<Long> units(OwnRows rows) throws SQLException {
    List<Long> units = new java.util.ArrayList<>();
    try (Statement statement = rows.connection().createStatement();
        ResultSet all = statement.executeQuery("SELECT unit FROM person ORDER BY raw")) {
      while (all.next()) {
        units.add(all.getLong(1));
      }
    }
    assertEquals(3, units.size(), "spellings");
    assertEquals(units.get(0), units.get(1), "two spellings of one person");
    return units;
  }

  @Test
  void open_whileACopyIsHeld_answersFromItAndForMoreColumnsFromANewOne() throws Exception {
    publish();
    for (int job = 0; job < 3; job++) {
      try (OwnRows rows = own.open(List.of(FIRST)).orElseThrow()) {
        assertArrayEquals(TRUTH, cells(rows, job, "amount"));
      }
    }
    try (OwnRows rows = own.open(List.of(FIRST)).orElseThrow()) {
      assertArrayEquals(
          new long[] {1, 1, 26, 11},
          cells(rows, 9, "CAST(length(\"phone\") AS BIGINT)"),
          "a column that was not asked for before");
    }
  }

  /** A copy answers for no file: it may look as it did, and is read all the same. */
  @Test
  void open_sourceRewrittenUnderTheSameLook_isRefusedThoughACopyIsHeld() throws Exception {
    publish();
    try (OwnRows rows = own.open(List.of(FIRST)).orElseThrow()) {
      cells(rows, 1, "amount");
    }
    Path file = home.resolve("orders.csv");
    FileTime modified = Files.getLastModifiedTime(file);
    Files.writeString(file, Files.readString(file).replace("b,7", "b,8"));
    Files.setLastModifiedTime(file, modified);
    ProblemException refused =
        assertThrows(ProblemException.class, () -> own.open(List.of(FIRST)).orElseThrow().close());
    assertEquals(ErrorCode.SOURCE_CHANGED, refused.problem().code());
  }

  /** What a job reads is what was compared, even of a file that is written meanwhile. */
  @Test
  void keep_fileWrittenBetweenComparisonAndParse_isRefusedAndNotHeld() throws Exception {
    publish();
    Path file = home.resolve("orders.csv");
    String published = Files.readString(file);
    try (OwnRows rows = own.open(List.of(FIRST)).orElseThrow()) {
      Files.writeString(file, published.replace("b,7", "b,9"));
      Files.setLastModifiedTime(file, FileTime.from(now.get().minus(Duration.ofDays(1))));
      ProblemException refused =
          assertThrows(ProblemException.class, () -> cells(rows, 1, "amount"));
      assertEquals(ErrorCode.SOURCE_CHANGED, refused.problem().code());
    }
    Files.writeString(file, published);
    try (OwnRows rows = own.open(List.of(FIRST)).orElseThrow()) {
      assertArrayEquals(TRUTH, cells(rows, 1, "amount"));
    }
  }

  @Test
  void withdraw_dropsTheCopy() throws Exception {
    publish();
    OwnRows rows = own.open(List.of(FIRST)).orElseThrow();
    cells(rows, 1, "amount");
    own.withdraw(FIRST);
    rows.close();
    assertFalse(Files.exists(home.resolve("tmp")) && hasFolders(home.resolve("tmp")));
  }

  private static boolean hasFolders(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.findAny().isPresent();
    }
  }
}

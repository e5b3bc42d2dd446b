package hesuan.agent.query;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.psi.ItemKeys;
import hesuan.source.PersonRows;
import hesuan.source.ReadLimits;
import hesuan.source.Rows;
import hesuan.source.Source;
import hesuan.source.SourceReader;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.IdRule;
import hesuan.wire.Plan;
import hesuan.wire.ProductRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Items of both sides, matched by equality, against a plain join of the same rows. */
class JoinItemsTest {
  private static final Digest SESSION = Digest.of("a run");
  private static final LocalDate FIRST = LocalDate.of(2026, 6, 1);
  private static final List<String> GROUPS = List.of("spring", "summer");

  @TempDir Path folder;

  /** A row of either side; campaign -1 is one that nobody asked for. */
  private record Row(int person, int campaign, int day, int value) {}

  private static Plan.JoinStatistics step(int windowDays, int maxRows) {
    return new Plan.JoinStatistics(
        "join",
        List.of(ProductRef.parse("ads-a/touches@1"), ProductRef.parse("shop-b/orders@1")),
        windowDays < 0 ? Plan.Measure.STATISTICS : Plan.Measure.ATTRIBUTION,
        "campaign",
        GROUPS,
        new Plan.Value("value", 0, 500),
        windowDays < 0 ? null : new Plan.Window("day", "day", windowDays),
        maxRows,
        Plan.Matches.NOISED,
        Epsilon.parse("1"),
        "0.0000001");
  }

  private PersonRows read(
      String name, List<Row> rows, @Nullable String group, Plan.JoinStatistics step, boolean value)
      throws IOException, SQLException {
    StringBuilder csv = new StringBuilder("id,campaign,day,value\n");
    for (Row row : rows) {
      csv.append("person-").append(row.person).append(',');
      csv.append(row.campaign < 0 ? "other" : GROUPS.get(row.campaign)).append(',');
      csv.append(FIRST.plusDays(row.day)).append(',').append(row.value).append('\n');
    }
    Path file = Files.writeString(folder.resolve(name), csv);
    try (SourceReader reader =
            SourceReader.open(new Source.Csv(file), ReadLimits.in(folder.resolve("spill")));
        Connection connection = reader.connection()) {
      return PersonRows.read(
          connection,
          Rows.ALL,
          "id",
          IdRule.OPAQUE,
          new PersonRows.Columns(
              group, GROUPS, step.window() == null ? null : "day", value ? "value" : null, 0, 500));
    }
  }

  /** Count and sum by group of what both sides' items share. */
  private long[][] joined(List<Row> touches, List<Row> orders, Plan.JoinStatistics step)
      throws IOException, SQLException {
    Map<String, Integer> groupOf = new HashMap<>();
    try (PersonRows rows = read("touches.csv", touches, "campaign", step, false)) {
      JoinItems items = JoinItems.touches(rows, step, SESSION);
      for (int i = 0; i < items.groups().length; i++) {
        assertEquals(null, groupOf.put(key(items.keys(), i), items.groups()[i]), "an item twice");
      }
    }
    long[][] sums = new long[GROUPS.size()][2];
    try (PersonRows rows = read("orders.csv", orders, null, step, true)) {
      JoinItems items = JoinItems.conversions(rows, step, SESSION, 99);
      long[] figures = items.figures();
      int count = items.keys().length / ItemKeys.BYTES;
      assertEquals(count * step.figures(), figures.length);
      for (int i = 0; i < count; i++) {
        Integer group = groupOf.get(key(items.keys(), i));
        if (group != null) {
          sums[group][0] += figures[i * step.figures()];
          sums[group][1] += figures[i * step.figures() + 1];
        }
      }
    }
    return sums;
  }

  private static String key(byte[] keys, int item) {
    return HexFormat.of().formatHex(keys, item * ItemKeys.BYTES, (item + 1) * ItemKeys.BYTES);
  }

  private static List<Row> random(long seed, int rows, int people, int days) {
    Random random = new Random(seed);
    List<Row> made = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      made.add(
          new Row(
              random.nextInt(people),
              random.nextInt(3) - 1,
              random.nextInt(days),
              random.nextInt(-50, 700)));
    }
    return made;
  }

  @ParameterizedTest
  @CsvSource({"0,1", "3,2", "7,3", "30,4"})
  void attribution_isToTheLastTouchWithinTheWindow(int windowDays, int seed)
      throws IOException, SQLException {
    List<Row> touches = random(seed, 400, 60, 40);
    List<Row> orders = random(seed + 100, 300, 80, 50);
    Map<List<Integer>, Long> sums = new TreeMap<>((a, b) -> a.toString().compareTo(b.toString()));
    for (Row order : orders) {
      // each amount is clamped as it is read, then the day's sum
      sums.merge(
          List.of(order.person, order.day), (long) Math.clamp(order.value, 0, 500), Long::sum);
    }
    long[][] expected = new long[GROUPS.size()][2];
    sums.forEach(
        (personAndDay, sum) -> {
          Row last = null;
          for (Row touch : touches) {
            boolean counts =
                touch.campaign >= 0
                    && touch.person == personAndDay.get(0)
                    && touch.day <= personAndDay.get(1)
                    && touch.day >= personAndDay.get(1) - windowDays;
            if (counts
                && (last == null
                    || touch.day > last.day
                    || touch.day == last.day && touch.campaign < last.campaign)) {
              last = touch;
            }
          }
          if (last != null) {
            expected[last.campaign][0]++;
            expected[last.campaign][1] += Math.min(sum, 500);
          }
        });
    assertTrue(expected[0][0] > 0 && expected[1][0] > 0);
    long[][] found = joined(touches, orders, step(windowDays, 1000));
    assertArrayEquals(expected[0], found[0]);
    assertArrayEquals(expected[1], found[1]);
  }

  @Test
  void aPerson_countsForNoMoreDaysThanAgreed() throws IOException, SQLException {
    List<Row> touches = List.of(new Row(1, 0, 0, 0), new Row(2, 1, 0, 0));
    List<Row> orders = new ArrayList<>();
    for (int day = 0; day < 20; day++) {
      orders.add(new Row(1, 0, day, 100));
      orders.add(new Row(1, 0, day, 100));
      orders.add(new Row(2, 0, day % 2, 100));
    }
    long[][] found = joined(touches, orders, step(30, 3));
    assertArrayEquals(new long[] {3, 600}, found[0]);
    assertArrayEquals(new long[] {2, 1000}, found[1]);
  }

  @Test
  void withoutAWindow_aPersonCountsOnceInTheFirstGroup() throws IOException, SQLException {
    List<Row> touches =
        List.of(
            new Row(1, 1, 0, 0), new Row(1, 0, 5, 0), new Row(2, 1, 0, 0), new Row(3, -1, 0, 0));
    List<Row> orders =
        List.of(
            new Row(1, 0, 1, 300),
            new Row(1, 0, 2, 300),
            new Row(2, 0, 1, 40),
            new Row(3, 0, 1, 7));
    long[][] found = joined(touches, orders, step(-1, 1));
    assertArrayEquals(new long[] {1, 500}, found[0]);
    assertArrayEquals(new long[] {1, 40}, found[1]);
  }
}

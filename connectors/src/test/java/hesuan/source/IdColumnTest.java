package hesuan.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.ids.IdQuality;
import hesuan.wire.ErrorCode;
import hesuan.wire.IdRule;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdColumnTest {
  private static final String DIRTY =
      """
      phone,city
      138 1234 5678,广州
      +8613812345678,北京
      13912345678,深圳
      13912345678,其他
      １３７１２３４５６７８,其他
      ,北京
      abc,北京
      """;

  @TempDir Path directory;

  private IdSet read(String csv, Rows rows, Optional<String> group, List<String> groups) {
    Source source = new Source.Csv(Samples.text(directory.resolve("a.csv"), csv));
    try (SourceReader reader =
            SourceReader.open(source, ReadLimits.in(directory.resolve("spill")));
        Connection connection = reader.connection()) {
      return IdColumn.read(connection, rows, "phone", IdRule.PHONE_CN, group, groups);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Map<String, Integer> people(IdSet ids) {
    Map<String, Integer> people = new TreeMap<>();
    for (int i = 0; i < ids.size(); i++) {
      people.put(new String(ids.copy(i), StandardCharsets.UTF_8), ids.group(i));
    }
    return people;
  }

  @Test
  void dirtyColumn_isNormalisedOnce_andCounted() {
    IdSet ids = read(DIRTY, Rows.ALL, Optional.empty(), List.of());
    assertEquals(new IdQuality(7, 1, 1, 2, 3), ids.quality());
    assertEquals(Map.of("13812345678", -1, "13912345678", -1, "13712345678", -1), people(ids));
    assertEquals(33, ids.offset(3));
    assertEquals(33, ids.arena().length);
  }

  @Test
  void personInSeveralGroups_countsInTheFirstListed_whateverTheRowsOrder() {
    List<String> lines = new ArrayList<>(DIRTY.lines().skip(1).toList());
    for (int seed = 0; seed < 6; seed++) {
      Collections.shuffle(lines, new Random(seed));
      IdSet ids =
          read(
              "phone,city\n" + String.join("\n", lines) + "\n",
              Rows.ALL,
              Optional.of("city"),
              List.of("北京", "广州", "深圳"));
      assertEquals(Map.of("13812345678", 0, "13912345678", 2, "13712345678", -1), people(ids));
      assertEquals(1, ids.severalGroups());
    }
  }

  @Test
  void groupsWithQuotes_areData() {
    IdSet ids =
        read(
            "phone,city\n13812345678,x'); DROP VIEW part; --\n",
            Rows.ALL,
            Optional.of("city"),
            List.of("a", "x'); DROP VIEW part; --"));
    assertEquals(Map.of("13812345678", 1), people(ids));
  }

  @Test
  void filter_readsOnlyItsRows() {
    IdSet ids = read(DIRTY, Rows.where("city = '深圳'"), Optional.empty(), List.of());
    assertEquals(Map.of("13912345678", -1), people(ids));
  }

  @Test
  void noRow_orNoUsableId_isRefusedWithItsCounts() {
    assertEquals(
        "0 rows: 0 empty, 0 malformed",
        Samples.refused(
                ErrorCode.SOURCE_EMPTY,
                () -> read("phone,city\n", Rows.ALL, Optional.empty(), List.of()))
            .found());
    assertEquals(
        "3 rows: 1 empty, 2 malformed",
        Samples.refused(
                ErrorCode.SOURCE_EMPTY,
                () -> read("phone,city\n,a\nx,a\n12,a\n", Rows.ALL, Optional.empty(), List.of()))
            .found());
  }

  @Test
  void oneRow_andAllDuplicates_areSetsOfOne() {
    assertEquals(
        new IdQuality(1, 0, 0, 0, 1),
        read("phone,city\n13812345678,a\n", Rows.ALL, Optional.empty(), List.of()).quality());
    assertEquals(
        new IdQuality(9000, 0, 0, 8999, 1),
        read("phone,city\n" + "13812345678,a\n".repeat(9000), Rows.ALL, Optional.empty(), List.of())
            .quality());
  }

  @Test
  void missingIdColumn_isRefused() {
    Samples.refused(
        ErrorCode.UNKNOWN_COLUMN,
        () -> read("fone,city\n1,2\n", Rows.ALL, Optional.empty(), List.of()));
  }

  @Test
  void manyPeople_areEachOnce_andWipedOnClose() {
    StringBuilder csv = new StringBuilder("phone,city\n");
    for (int i = 0; i < 120_000; i++) {
      csv.append(13_000_000_000L + (i * 7919L) % 50_000).append(",a\n");
    }
    IdSet ids = read(csv.toString(), Rows.ALL, Optional.empty(), List.of());
    assertEquals(new IdQuality(120_000, 0, 0, 70_000, 50_000), ids.quality());
    assertEquals(50_000, people(ids).size());
    assertTrue(ids.toString().contains("50000"));
    ids.close();
    byte[] zeros = new byte[ids.arena().length];
    assertArrayEquals(zeros, Arrays.copyOf(ids.arena(), zeros.length));
  }

  @Test
  void numericTable_leavesOutWhatIsNoNumber_andSplitsByPerson() throws SQLException {
    StringBuilder csv = new StringBuilder("phone,f1,f2,label\n");
    csv.append("x,1,2,1\n,1,2,1\n13812345678,,2,1\n13812345678,1,2,\n");
    for (int i = 0; i < 5000; i++) {
      csv.append(13_000_000_000L + i % 2500).append(',').append(i).append(",0.5,").append(i % 2);
      csv.append('\n');
    }
    Source source = new Source.Csv(Samples.text(directory.resolve("f.csv"), csv.toString()));
    try (SourceReader reader =
            SourceReader.open(source, ReadLimits.in(directory.resolve("spill")));
        Connection connection = reader.connection()) {
      NumericTable table =
          NumericTable.read(connection, "phone", IdRule.PHONE_CN, List.of("f1", "f2"), "label");
      assertEquals(5000, table.rows());
      assertEquals(2, table.incomplete());
      assertEquals(new IdQuality(5002, 1, 1, 2500, 2500), table.quality());
      assertEquals(10_000, table.features().length);
      assertEquals(4999f, table.features()[9998]);
      assertEquals(0.5f, table.features()[9999]);
      assertEquals(1f, table.labels()[4999]);
      int heldOut = 0;
      for (int row = 0; row < 2500; row++) {
        assertEquals(table.isHeldOut(row, 20), table.isHeldOut(row + 2500, 20));
        heldOut += table.isHeldOut(row, 20) ? 1 : 0;
      }
      // Binomial(2500, 0.2): six standard deviations are 120, a false alarm in 10^9 runs.
      assertEquals(500, heldOut, 120);
    }
  }
}

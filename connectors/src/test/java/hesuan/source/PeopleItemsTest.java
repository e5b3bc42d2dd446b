package hesuan.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import hesuan.group.Workers;
import hesuan.ids.IdQuality;
import hesuan.psi.ItemBlocks;
import hesuan.psi.ItemSource;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.IdRule;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A plain list of the ids is the oracle, in memory and spilled alike. */
class PeopleItemsTest {
  private static final Digest SESSION = Digest.of("s");
  private static final long ROOMY = 1 << 28;

  /** Less than one batch of people takes. */
  private static final long TIGHT = 1 << 10;

  @TempDir Path directory;

  private PeopleItems read(String csv, long memoryBytes) {
    Source source = new Source.Csv(Samples.text(directory.resolve("a.csv"), csv));
    try (SourceReader reader =
            SourceReader.open(source, ReadLimits.in(directory.resolve("duckdb")));
        Connection connection = reader.connection()) {
      return PeopleItems.read(
          connection,
          Rows.ALL,
          "phone",
          IdRule.PHONE_CN,
          SESSION,
          true,
          new PeopleItems.Limits(memoryBytes, 1 << 28, directory.resolve("spill")),
          Workers.ONE);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Map<Integer, long[]> blocks(List<String> ids) {
    ItemBlocks blocks = new ItemBlocks(SESSION);
    ids.forEach(blocks::add);
    long[] all = blocks.toArray();
    Map<Integer, long[]> byNumber = new HashMap<>();
    for (int i = 0; i < ids.size(); i++) {
      byNumber.put(i, new long[] {all[2 * i], all[2 * i + 1]});
    }
    return byNumber;
  }

  /** Some rows, a third of which name somebody again; in between, lines without a person. */
  private static List<String> usable(int rows) {
    Random random = new Random(7);
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      ids.add("138%08d".formatted(random.nextInt(rows)));
    }
    return ids;
  }

  private static String csv(List<String> ids) {
    StringBuilder csv = new StringBuilder("phone\n");
    for (int i = 0; i < ids.size(); i++) {
      csv.append(i % 5 == 0 ? "+86 " : "").append(ids.get(i)).append('\n');
      csv.append(i % 100 == 3 ? "nobody\n" : "").append(i % 100 == 4 ? "\"\"\n" : "");
    }
    return csv.toString();
  }

  private static Map<String, Integer> firsts(List<String> ids) {
    Map<String, Integer> firsts = new HashMap<>();
    for (int i = 0; i < ids.size(); i++) {
      firsts.putIfAbsent(ids.get(i), i);
    }
    return firsts;
  }

  @ParameterizedTest
  @ValueSource(longs = {ROOMY, TIGHT})
  void everyPerson_isOnceInItsBucket_underTheNumberOfTheFirstRow(long memoryBytes) {
    List<String> ids = usable(70_000);
    Map<String, Integer> firsts = firsts(ids);
    Map<Integer, long[]> expected = blocks(ids);
    try (PeopleItems people = read(csv(ids), memoryBytes)) {
      assertEquals(memoryBytes == TIGHT, people.isSpilled());
      assertEquals(firsts.size(), people.size());
      assertEquals(
          new IdQuality(71_400, 700, 700, ids.size() - firsts.size(), firsts.size()),
          people.quality());
      for (int buckets : new int[] {1, 3, 1100}) {
        Map<Integer, long[]> found = new HashMap<>();
        long[] blocks = new long[2 * firsts.size()];
        int[] numbers = new int[firsts.size()];
        for (int b = 0; b < buckets; b++) {
          int count = people.take(b, buckets, blocks, numbers);
          for (int i = 0; i < count; i++) {
            assertEquals(b, ItemSource.bucket(blocks[2 * i + 1], buckets));
            assertNull(found.put(numbers[i], new long[] {blocks[2 * i], blocks[2 * i + 1]}));
          }
        }
        assertEquals(firsts.size(), found.size());
        firsts.forEach(
            (id, number) -> assertArrayEquals(expected.get(number), found.get(number), id));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {ROOMY, TIGHT})
  void idsOfNumbers_comeInTheOrderOfTheRows(long memoryBytes) throws IOException {
    List<String> ids = usable(70_000);
    Map<String, Integer> firsts = firsts(ids);
    try (PeopleItems people = read(csv(ids), memoryBytes)) {
      BitSet asked = new BitSet();
      Random random = new Random(3);
      firsts.values().stream().filter(_ -> random.nextBoolean()).forEach(asked::set);
      assertEquals(asked.stream().mapToObj(ids::get).toList(), names(people, asked));
      List<String> rest =
          firsts.values().stream().filter(n -> !asked.get(n)).sorted().map(ids::get).toList();
      assertEquals(rest, names(people, people.others(asked)));
    }
  }

  private static List<String> names(PeopleItems people, BitSet numbers) throws IOException {
    List<String> names = new ArrayList<>();
    people.forEach(
        numbers,
        (bytes, from, to) -> names.add(new String(bytes, from, to - from, StandardCharsets.UTF_8)));
    return names;
  }

  @Test
  void whatIsSpilled_hasNoNameInTheFolder_andIsRefusedWhenChanged() throws IOException {
    SealedSpill spill = new SealedSpill(directory.resolve("spill"), 1 << 20);
    byte[] piece = "13812345678".repeat(50).getBytes(StandardCharsets.US_ASCII);
    int number = spill.append(piece, piece.length);
    int other = spill.append(piece, 11);
    try (Stream<Path> files = Files.list(directory.resolve("spill"))) {
      assertEquals(0, files.count());
    }
    assertArrayEquals(piece, spill.read(number));
    assertEquals(11, spill.read(other).length);
    assertEquals(piece.length + 11 + 2 * 16, spill.bytes());
    ByteBuffer raw = ByteBuffer.allocate((int) spill.bytes());
    spill.file.read(raw, 0);
    assertFalse(new String(raw.array(), StandardCharsets.ISO_8859_1).contains("138"));
    spill.file.write(ByteBuffer.wrap(new byte[] {(byte) (raw.get(5) ^ 1)}), 5);
    ProblemException refused = assertThrows(ProblemException.class, () -> spill.read(number));
    assertEquals(ErrorCode.ENVIRONMENT, refused.problem().code());
    spill.close();
  }

  @Test
  void order_tellsReadingsApart() {
    try (PeopleItems one = read("phone\n13812345678\n13912345678\n", ROOMY);
        PeopleItems same = read("phone\n13812345678\n13912345678\n", TIGHT);
        PeopleItems turned = read("phone\n13912345678\n13812345678\n", ROOMY)) {
      assertEquals(one.order(), same.order());
      assertNotEquals(one.order(), turned.order());
    }
  }

  @Test
  void aFullDisk_isAProblem_andAColumnWithoutAnId() {
    ProblemException none =
        assertThrows(ProblemException.class, () -> read("phone\nabc\n\"\"\n", ROOMY));
    assertEquals(ErrorCode.SOURCE_EMPTY, none.problem().code());
    SealedSpill spill = new SealedSpill(directory.resolve("spill"), 100);
    ProblemException full =
        assertThrows(ProblemException.class, () -> spill.append(new byte[100], 100));
    assertEquals(ErrorCode.LIMIT_EXCEEDED, full.problem().code());
    spill.close();
  }
}

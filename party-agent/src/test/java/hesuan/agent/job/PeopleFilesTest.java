package hesuan.agent.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.agent.Agent;
import hesuan.agent.step.KeptPeople;
import hesuan.source.IdColumn;
import hesuan.source.IdSet;
import hesuan.source.ReadLimits;
import hesuan.source.Source;
import hesuan.source.SourceReader;
import hesuan.store.Store;
import hesuan.wire.IdRule;
import hesuan.wire.JobId;
import hesuan.wire.Plan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lies on disk after a kill at each point, and what the next start makes of it. */
class PeopleFilesTest {
  private static final JobId JOB = new JobId("job-abcdefghijklmnop");
  private static final List<String> KEPT = List.of("id", "anna", "\"b,ob\"");

  @TempDir Path folder;
  private Store store;
  private PeopleFiles files;

  @BeforeEach
  void open() {
    store = Store.open(folder.resolve("state.db"), Agent.SCHEMA);
    files = new PeopleFiles(folder.resolve("results"), store, new SecureRandom());
  }

  @AfterEach
  void close() {
    store.close();
  }

  private PeopleFiles.Sealed seal(int attempt) throws IOException, SQLException {
    return seal(attempt, Plan.ListFormat.CSV);
  }

  private PeopleFiles.Sealed seal(int attempt, Plan.ListFormat format)
      throws IOException, SQLException {
    Path csv = Files.writeString(folder.resolve("a.csv"), "id\nanna\n\"b,ob\"\ncarl\n");
    try (SourceReader reader =
            SourceReader.open(new Source.Csv(csv), ReadLimits.in(folder.resolve("spill")));
        Connection connection = reader.connection();
        IdSet ids = IdColumn.read(connection, "id", IdRule.OPAQUE, Optional.empty(), List.of())) {
      int[] kept =
          java.util.stream.IntStream.range(0, ids.size())
              .filter(i -> !new String(ids.copy(i), StandardCharsets.UTF_8).equals("carl"))
              .toArray();
      assertEquals(2, kept.length);
      return files.seal(JOB, attempt, "shared", KeptPeople.of("id", ids, kept, format));
    }
  }

  private void keep(PeopleFiles.Sealed sealed) {
    store.inTransaction(
        "keep",
        t -> {
          PeopleFiles.keep(t, JOB, sealed);
          return null;
        });
  }

  private void result() {
    store.inTransaction(
        "result",
        t ->
            t.update(
                "INSERT INTO result (job, body, release, consents) VALUES (?, ?, ?, ?)",
                JOB.value(),
                new byte[0],
                new byte[0],
                new byte[0]));
  }

  private Path list() {
    return folder.resolve("results/" + JOB + "/shared.csv");
  }

  private List<String> names() throws IOException {
    try (Stream<Path> all = Files.list(folder.resolve("results"))) {
      return all.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  private boolean anythingReadable() throws IOException {
    try (Stream<Path> all = Files.walk(folder.resolve("results"))) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains("anna")) {
          return true;
        }
      }
    }
    return false;
  }

  @Test
  void sealedAndNeverKept_isGoneAfterTheNextStart() throws IOException, SQLException {
    seal(1);
    assertFalse(anythingReadable());
    files.restarted();
    assertEquals(List.of(), names());
  }

  @Test
  void keptWithoutAResult_staysClosed() throws IOException, SQLException {
    keep(seal(1));
    files.restarted();
    files.open(JOB);
    assertEquals(List.of(JOB + "-1.sealed"), names());
    assertFalse(anythingReadable());
    assertFalse(Files.exists(list()));
  }

  @Test
  void killedBetweenResultAndOpening_isOpenedAtTheNextStart() throws IOException, SQLException {
    keep(seal(1));
    result();
    files.restarted();
    Path list = list();
    assertEquals(KEPT, Files.readAllLines(list));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(list)));
    assertEquals(List.of(JOB.value()), names());
    files.open(JOB);
    assertEquals(KEPT, Files.readAllLines(list));
  }

  @Test
  void asParquet_holdsTheSamePeople_andNothingElseIsLeft() throws IOException, SQLException {
    keep(seal(1, Plan.ListFormat.PARQUET));
    result();
    files.restarted();
    Path list = folder.resolve("results/" + JOB + "/shared.parquet");
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(list)));
    try (Stream<Path> all = Files.list(list.getParent())) {
      assertEquals(List.of(list), all.toList());
    }
    try (SourceReader reader =
            SourceReader.open(new Source.Parquet(list), ReadLimits.in(folder.resolve("spill")));
        Connection connection = reader.connection();
        IdSet ids = IdColumn.read(connection, "id", IdRule.OPAQUE, Optional.empty(), List.of())) {
      assertEquals(2, ids.size());
      assertEquals("anna", new String(ids.copy(0), StandardCharsets.UTF_8));
      assertEquals("b,ob", new String(ids.copy(1), StandardCharsets.UTF_8));
    }
  }

  @Test
  void aLaterAttemptsList_takesThePlaceOfTheFirst() throws IOException, SQLException {
    keep(seal(1));
    keep(seal(2));
    result();
    files.open(JOB);
    assertEquals(KEPT, Files.readAllLines(list()));
    assertEquals(List.of(JOB.value()), names());
  }

  @Test
  void aJobThatFailed_leavesNoList_butAReleasedOneKeepsIt() throws IOException, SQLException {
    keep(seal(1));
    files.drop(JOB);
    assertEquals(List.of(), names());
    result();
    files.restarted();
    assertFalse(Files.exists(list()));
    keep(seal(2));
    files.open(JOB);
    files.drop(JOB);
    assertTrue(Files.exists(list()));
  }
}

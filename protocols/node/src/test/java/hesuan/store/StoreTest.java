package hesuan.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreTest {
  private static final Schema V1 = new Schema("test", StoreTest.class, List.of("001-things.sql"));
  private static final Schema V2 =
      new Schema("test", StoreTest.class, List.of("001-things.sql", "002-colours.sql"));
  private static final Schema CHANGED =
      new Schema("test", StoreTest.class, List.of("002-colours.sql"));

  @TempDir Path folder;

  private Path file() {
    return folder.resolve("state.db");
  }

  @Test
  void open_newFile_isOwnerOnlyWithItsSideFiles() throws Exception {
    try (Store store = Store.open(file(), V1)) {
      store.inTransaction("t", t -> t.update("INSERT INTO thing (name) VALUES (?)", "a"));
      try (var files = Files.list(folder)) {
        for (Path each : files.toList()) {
          assertEquals(
              "rw-------",
              PosixFilePermissions.toString(Files.getPosixFilePermissions(each)),
              each.toString());
        }
      }
    }
  }

  @Test
  void inTransaction_bodyThrows_leavesNothing() {
    try (Store store = Store.open(file(), V1)) {
      assertThrows(
          ProblemException.class,
          () ->
              store.inTransaction(
                  "t",
                  t -> {
                    t.update("INSERT INTO thing (name) VALUES (?)", "a");
                    throw new ProblemException(ErrorCode.CONFLICT, "a", "b", "c");
                  }));
      assertEquals(0, count(store));
      store.inTransaction("t", t -> t.update("INSERT INTO thing (name) VALUES (?)", "b"));
      assertEquals(1, count(store));
    }
  }

  @Test
  void inTransaction_manyThreads_allCount() throws Exception {
    try (Store store = Store.open(file(), V1);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var all =
          IntStream.range(0, 50)
              .mapToObj(
                  i ->
                      threads.submit(
                          () ->
                              store.inTransaction(
                                  "t",
                                  t -> t.update("INSERT INTO thing (name) VALUES (?)", "n" + i))))
              .toList();
      for (var each : all) {
        each.get();
      }
      assertEquals(50, count(store));
    }
  }

  /** They share commits: whoever fails, by its own word or by SQL, must take nobody with it. */
  @Test
  void inTransaction_manyThreadsAndSomeFail_onlyTheirsIsUndone() throws Exception {
    try (Store store = Store.open(file(), V1);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var all =
          IntStream.range(0, 240)
              .mapToObj(
                  i ->
                      threads.submit(
                          () ->
                              store.inTransaction(
                                  "t",
                                  t -> {
                                    t.update("INSERT INTO thing (name) VALUES (?)", "n" + i);
                                    if (i % 3 == 1) {
                                      throw new ProblemException(
                                          ErrorCode.CONFLICT, "a", "b", "n" + i);
                                    }
                                    return i % 60 == 2 ? t.update("INSERT INTO no_table") : i;
                                  })))
              .toList();
      for (int i = 0; i < all.size(); i++) {
        var each = all.get(i);
        if (i % 3 == 1) {
          var e = assertThrows(ExecutionException.class, each::get);
          assertEquals("n" + i, ((ProblemException) e.getCause()).problem().found());
        } else if (i % 60 == 2) {
          var e = assertThrows(ExecutionException.class, each::get);
          assertTrue(e.getCause() instanceof IllegalStateException);
        } else {
          assertEquals(i, each.get());
        }
      }
      assertEquals(240 - 80 - 4, count(store));
    }
  }

  @Test
  void inTransaction_threadInterruptedMeanwhile_isWrittenAndStaysInterrupted() throws Exception {
    try (Store store = Store.open(file(), V1);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var all =
          IntStream.range(0, 20)
              .mapToObj(
                  i ->
                      threads.submit(
                          () -> {
                            Thread.currentThread().interrupt();
                            store.inTransaction(
                                "t", t -> t.update("INSERT INTO thing (name) VALUES (?)", "n" + i));
                            return Thread.interrupted();
                          }))
              .toList();
      for (var each : all) {
        assertTrue(each.get());
      }
      assertEquals(20, count(store));
    }
  }

  @Test
  void read_thatWrites_isRefused() {
    try (Store store = Store.open(file(), V1)) {
      assertThrows(
          IllegalStateException.class,
          () -> store.read("t", t -> t.update("INSERT INTO thing (name) VALUES (?)", "a")));
    }
  }

  @Test
  void open_newerRelease_addsItsTablesAndKeepsRows() {
    try (Store store = Store.open(file(), V1)) {
      store.inTransaction("t", t -> t.update("INSERT INTO thing (name) VALUES (?)", "a"));
    }
    try (Store store = Store.open(file(), V2)) {
      store.inTransaction("t", t -> t.update("UPDATE thing SET colour = ?", "red"));
      assertEquals(
          List.of("red"),
          store.read("t", t -> t.query("SELECT colour FROM thing", r -> r.getString(1))));
    }
    try (Store store = Store.open(file(), V2)) {
      assertEquals(1, count(store));
    }
    ProblemException older =
        assertThrows(ProblemException.class, () -> Store.open(file(), V1).close());
    assertTrue(older.getMessage().contains("newer release"), older.getMessage());
  }

  @Test
  void open_migrationChangedAfterItWasApplied_isRefused() {
    Store.open(file(), V1).close();
    ProblemException changed =
        assertThrows(ProblemException.class, () -> Store.open(file(), CHANGED).close());
    assertEquals(ErrorCode.ENVIRONMENT, changed.problem().code());
  }

  private static long count(Store store) {
    return store
        .read("count", t -> t.one("SELECT COUNT(*) FROM thing", r -> r.getLong(1)))
        .orElseThrow();
  }
}

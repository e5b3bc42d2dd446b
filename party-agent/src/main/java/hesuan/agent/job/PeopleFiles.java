package hesuan.agent.job;

import hesuan.agent.step.KeptPeople;
import hesuan.source.ParquetList;
import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.JobId;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import javax.crypto.Cipher;
import javax.crypto.CipherInputStream;
import javax.crypto.CipherOutputStream;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Lists of people that a job leaves with this party, as {@code results/<job>/<output>.csv} or
 * {@code .parquet}. Until the result is here a list lies sealed under a key that only the store
 * has, and only from the transaction on that releases or consents: so a kill at any point leaves
 * either the list of a released job, or nothing that can be read.
 */
public final class PeopleFiles {
  private static final String SEALED = ".sealed";
  private static final String PARQUET = ".parquet";
  private static final int KEY_BYTES = 32;
  private static final int BUFFER_BYTES = 1 << 16;

  /** A list on disk that nobody can read yet. */
  record Sealed(String file, byte[] key, String target) {}

  private final Path folder;
  private final Store store;
  private final SecureRandom random;

  public PeopleFiles(Path folder, Store store, SecureRandom random) {
    this.folder = folder;
    this.store = store;
    this.random = random;
  }

  /** Writes the list; {@link #keep} makes it last. */
  Sealed seal(JobId job, int attempt, String output, KeptPeople people) {
    byte[] key = new byte[KEY_BYTES];
    random.nextBytes(key);
    String suffix =
        switch (people.format()) {
          case CSV -> ".csv";
          case PARQUET -> PARQUET;
        };
    Sealed sealed = new Sealed(job + "-" + attempt + SEALED, key, job + "/" + output + suffix);
    try {
      Files.createDirectories(folder);
      Path file = folder.resolve(sealed.file);
      createPrivately(file);
      try (OutputStream out =
          new BufferedOutputStream(
              new CipherOutputStream(Files.newOutputStream(file), cipher(Cipher.ENCRYPT_MODE, key)),
              BUFFER_BYTES)) {
        write(people, out);
      }
      sync(file);
      return sealed;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void createPrivately(Path file) throws IOException {
    Files.deleteIfExists(file);
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
  }

  private static void write(KeptPeople people, OutputStream out) throws IOException {
    byte[] column = people.column().getBytes(StandardCharsets.UTF_8);
    writeCell(column, 0, column.length, out);
    people.ids().forEach((bytes, from, to) -> writeCell(bytes, from, to, out));
  }

  /** A line of one cell, quoted where CSV asks for it. */
  private static void writeCell(byte[] bytes, int from, int to, OutputStream out)
      throws IOException {
    boolean quoted = false;
    for (int i = from; i < to && !quoted; i++) {
      quoted = bytes[i] == ',' || bytes[i] == '"' || bytes[i] == '\n' || bytes[i] == '\r';
    }
    if (!quoted) {
      out.write(bytes, from, to - from);
    } else {
      out.write('"');
      for (int i = from; i < to; i++) {
        if (bytes[i] == '"') {
          out.write('"');
        }
        out.write(bytes[i]);
      }
      out.write('"');
    }
    out.write('\n');
  }

  /** In the transaction that releases or consents; a later attempt's list takes its place. */
  static void keep(Transaction t, JobId job, @Nullable Sealed sealed) throws SQLException {
    if (sealed != null) {
      t.update(
          """
          INSERT INTO people (job, sealed, key, target) VALUES (?, ?, ?, ?)
          ON CONFLICT (job) DO UPDATE SET sealed = excluded.sealed, key = excluded.key""",
          job.value(),
          sealed.file,
          sealed.key,
          sealed.target);
    }
  }

  /**
   * Opens the list of a job whose result is here, if it has one. Doing it again changes nothing.
   */
  void open(JobId job) {
    store
        .read(
            "people",
            t ->
                t.one(
                    """
                    SELECT sealed, key, target FROM people
                    WHERE job = ? AND job IN (SELECT job FROM result)""",
                    row -> new Sealed(row.getString(1), row.getBytes(2), row.getString(3)),
                    job.value()))
        .ifPresent(
            list -> {
              open(list);
              removeSealed(name -> name.startsWith(job + "-"));
            });
  }

  private void open(Sealed sealed) {
    Path from = folder.resolve(sealed.file);
    Path to = folder.resolve(sealed.target);
    try {
      if (Files.exists(from)) {
        Files.createDirectories(
            to.getParent(),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path part = to.resolveSibling(to.getFileName() + ".part");
        createPrivately(part);
        try (InputStream in =
                new CipherInputStream(
                    Files.newInputStream(from), cipher(Cipher.DECRYPT_MODE, sealed.key));
            OutputStream out = Files.newOutputStream(part)) {
          in.transferTo(out);
        }
        Path whole = sealed.target.endsWith(PARQUET) ? parquet(part, to) : part;
        sync(whole);
        Files.move(whole, to, StandardCopyOption.ATOMIC_MOVE);
        Files.deleteIfExists(part);
        Files.delete(from);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      Arrays.fill(sealed.key, (byte) 0);
    }
  }

  /** What was sealed is CSV; its first line names the column. */
  private static Path parquet(Path csv, Path target) throws IOException {
    String column;
    try (BufferedReader lines = Files.newBufferedReader(csv)) {
      column = lines.readLine();
    }
    Path made = target.resolveSibling(target.getFileName() + ".made");
    createPrivately(made);
    ParquetList.write(csv, column, made);
    return made;
  }

  /** At a start: opens what a kill left closed, and removes what nobody can open any more. */
  public void restarted() {
    List<String> jobs =
        store.read("people", t -> t.query("SELECT job FROM people", row -> row.getString(1)));
    jobs.forEach(job -> open(new JobId(job)));
    Set<String> kept =
        new HashSet<>(
            store.read(
                "people", t -> t.query("SELECT sealed FROM people", row -> row.getString(1))));
    removeSealed(name -> !kept.contains(name));
  }

  /** For a job that will have no result; the transaction may be retried. */
  void drop(JobId job) {
    store.inTransaction(
        "drop people",
        t ->
            t.update(
                "DELETE FROM people WHERE job = ? AND job NOT IN (SELECT job FROM result)",
                job.value()));
    removeSealed(name -> name.startsWith(job + "-"));
  }

  private void removeSealed(Predicate<String> which) {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (name.endsWith(SEALED) && which.test(name)) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Counter mode under a key of its own for each list: the first block can be the same. */
  private static Cipher cipher(int mode, byte[] key) {
    try {
      Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
      cipher.init(mode, new SecretKeySpec(key, "AES"), new IvParameterSpec(new byte[16]));
      return cipher;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void sync(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }
}

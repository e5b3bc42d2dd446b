package hesuan.agent.job;

import hesuan.agent.step.DoneBuckets;
import hesuan.store.Store;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * What the buckets of a long run gave, as {@code results/<job>.buckets}: the numbers of rows, no
 * identifier, sealed under a key in the store. A run that dies goes on behind them; they are gone
 * once the job is settled. Runs of one bucket leave nothing.
 */
public final class BucketFiles {
  private static final String SUFFIX = ".buckets";
  private static final int KEY_BYTES = 32;
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BYTES = 16;
  private static final int HEAD_BYTES = Integer.BYTES + NONCE_BYTES;

  private record Run(Digest run, int buckets, SecretKeySpec key) {}

  private final Path folder;
  private final Store store;
  private final SecureRandom random;

  public BucketFiles(Path folder, Store store, SecureRandom random) {
    this.folder = folder;
    this.store = store;
    this.random = random;
  }

  DoneBuckets of(JobId job) {
    return new OfJob(job);
  }

  /** For a job that is settled. The transaction may be retried. */
  void drop(JobId job) {
    store.inTransaction(
        "drop buckets", t -> t.update("DELETE FROM bucket_run WHERE job = ?", job.value()));
    delete(file(job));
  }

  /** At a start: removes what no job needs any more. */
  public void restarted(Predicate<JobId> needed) {
    store
        .read("bucket runs", t -> t.query("SELECT job FROM bucket_run", row -> row.getString(1)))
        .stream()
        .map(JobId::new)
        .filter(needed.negate())
        .forEach(this::drop);
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path each : files.filter(f -> f.toString().endsWith(SUFFIX)).toList()) {
        String name = each.getFileName().toString();
        if (find(new JobId(name.substring(0, name.length() - SUFFIX.length()))) == null) {
          delete(each);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path file(JobId job) {
    return folder.resolve(job + SUFFIX);
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private @Nullable Run find(JobId job) {
    return store
        .read(
            "bucket run",
            t ->
                t.one(
                    "SELECT run, buckets, key FROM bucket_run WHERE job = ?",
                    row ->
                        new Run(
                            new Digest(row.getString(1)),
                            row.getInt(2),
                            new SecretKeySpec(row.getBytes(3), "AES")),
                    job.value()))
        .orElse(null);
  }

  private final class OfJob implements DoneBuckets {
    private final JobId job;
    private final List<Long> ends = new ArrayList<>(List.of(0L));
    private @Nullable Digest opened;
    private @Nullable Run run;

    OfJob(JobId job) {
      this.job = job;
    }

    @Override
    public int open(Digest digest) {
      opened = digest;
      Run found = find(job);
      if (found == null || !found.run.equals(digest)) {
        return 0;
      }
      run = found;
      try (FileChannel file = channel()) {
        while (record(file, found) != null) {
          // as far as records are whole
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return ends.size() - 1;
    }

    @Override
    public void begin(int first, int buckets, BitSet numbers) {
      if (first > 0 && run != null && run.buckets != buckets) {
        drop(job);
        throw new ProblemException(
            ErrorCode.PEER_FAILED,
            job.value(),
            run.buckets + " buckets, as in the attempt before",
            "" + buckets);
      }
      if (first == 0) {
        run = buckets > 1 ? fresh(buckets) : null;
      }
      ends.clear();
      ends.add(0L);
      if (run == null) {
        return;
      }
      try (FileChannel file = channel()) {
        for (int b = 0; b < first; b++) {
          ByteBuffer numbersOfBucket = record(file, run);
          if (numbersOfBucket == null) {
            throw new IllegalStateException("bucket " + b + " was there");
          }
          while (numbersOfBucket.hasRemaining()) {
            numbers.set(numbersOfBucket.getInt());
          }
        }
        file.truncate(ends.getLast());
        file.force(true);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private Run fresh(int buckets) {
      byte[] key = new byte[KEY_BYTES];
      random.nextBytes(key);
      Digest digest = java.util.Objects.requireNonNull(opened, "begun before it was opened");
      delete(file(job));
      store.inTransaction(
          "bucket run",
          t ->
              t.update(
                  """
                  INSERT INTO bucket_run (job, run, buckets, key) VALUES (?, ?, ?, ?)
                  ON CONFLICT (job) DO UPDATE
                  SET run = excluded.run, buckets = excluded.buckets, key = excluded.key""",
                  job.value(),
                  digest.hex(),
                  buckets,
                  key));
      return new Run(digest, buckets, new SecretKeySpec(key, "AES"));
    }

    @Override
    public void done(int bucket, int[] numbers) {
      if (run == null) {
        return;
      }
      ByteBuffer plain = ByteBuffer.allocate(numbers.length * Integer.BYTES);
      plain.asIntBuffer().put(numbers);
      byte[] nonce = new byte[NONCE_BYTES];
      random.nextBytes(nonce);
      try (FileChannel file = channel()) {
        byte[] sealed = cipher(Cipher.ENCRYPT_MODE, run, bucket, nonce).doFinal(plain.array());
        ByteBuffer record = ByteBuffer.allocate(HEAD_BYTES + sealed.length);
        record.putInt(sealed.length).put(nonce).put(sealed).flip();
        long at = ends.getLast();
        while (record.hasRemaining()) {
          at += file.write(record, at);
        }
        file.force(false);
        ends.add(at);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }

    /** The numbers of the next bucket; null where no whole record stands. */
    private @Nullable ByteBuffer record(FileChannel file, Run of) throws IOException {
      long at = ends.getLast();
      ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES);
      if (file.size() < at + HEAD_BYTES || file.read(head, at) < HEAD_BYTES) {
        return null;
      }
      int length = head.flip().getInt();
      long end = at + HEAD_BYTES + length;
      if (length < TAG_BYTES || file.size() < end) {
        return null;
      }
      byte[] nonce = new byte[NONCE_BYTES];
      head.get(nonce);
      ByteBuffer sealed = ByteBuffer.allocate(length);
      while (sealed.hasRemaining()) {
        if (file.read(sealed, at + HEAD_BYTES + sealed.position()) < 0) {
          return null;
        }
      }
      try {
        byte[] plain =
            cipher(Cipher.DECRYPT_MODE, of, ends.size() - 1, nonce).doFinal(sealed.array());
        ends.add(end);
        return ByteBuffer.wrap(plain);
      } catch (AEADBadTagException e) {
        return null;
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }

    private FileChannel channel() throws IOException {
      Files.createDirectories(folder);
      if (!Files.exists(file(job))) {
        Files.createFile(
            file(job),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      }
      return FileChannel.open(file(job), StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private static Cipher cipher(int mode, Run run, int bucket, byte[] nonce)
        throws GeneralSecurityException {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(mode, run.key, new GCMParameterSpec(8 * TAG_BYTES, nonce));
      cipher.updateAAD(ByteBuffer.allocate(8).putInt(bucket).putInt(run.buckets).flip());
      return cipher;
    }
  }
}

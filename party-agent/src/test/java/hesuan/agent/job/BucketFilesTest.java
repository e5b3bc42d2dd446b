package hesuan.agent.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.agent.Agent;
import hesuan.agent.step.DoneBuckets;
import hesuan.store.Store;
import hesuan.wire.Digest;
import hesuan.wire.JobId;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.BitSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a next attempt finds after a kill at each point. */
class BucketFilesTest {
  private static final JobId JOB = new JobId("job-abcdefghijklmnop");
  private static final Digest RUN = Digest.of("run");

  @TempDir Path folder;
  private Store store;
  private BucketFiles files;

  @BeforeEach
  void open() {
    store = Store.open(folder.resolve("state.db"), Agent.SCHEMA);
    files = new BucketFiles(folder.resolve("results"), store, new SecureRandom());
  }

  @AfterEach
  void close() {
    store.close();
  }

  private Path file() {
    return folder.resolve("results").resolve(JOB + ".buckets");
  }

  /** Three of four buckets. */
  private void three() {
    DoneBuckets attempt = files.of(JOB);
    assertEquals(0, attempt.open(RUN));
    attempt.begin(0, 4, new BitSet());
    attempt.done(0, new int[] {5, 1_000_000});
    attempt.done(1, new int[0]);
    attempt.done(2, new int[] {7});
  }

  private static BitSet bits(int... numbers) {
    BitSet bits = new BitSet();
    for (int number : numbers) {
      bits.set(number);
    }
    return bits;
  }

  @Test
  void nextAttempt_goesOnBehindWhatIsDone() throws IOException {
    three();
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));
    files.restarted(JOB::equals);
    DoneBuckets next = files.of(JOB);
    assertEquals(3, next.open(RUN));
    BitSet numbers = new BitSet();
    next.begin(3, 4, numbers);
    assertEquals(bits(5, 7, 1_000_000), numbers);
    next.done(3, new int[] {9});
    assertEquals(4, files.of(JOB).open(RUN));
  }

  @Test
  void nextAttempt_begunEarlier_forgetsWhatStoodBehind() {
    three();
    DoneBuckets next = files.of(JOB);
    assertEquals(3, next.open(RUN));
    BitSet numbers = new BitSet();
    next.begin(1, 4, numbers);
    assertEquals(bits(5, 1_000_000), numbers);
    next.done(1, new int[] {6});
    DoneBuckets last = files.of(JOB);
    assertEquals(2, last.open(RUN));
    BitSet kept = new BitSet();
    last.begin(2, 4, kept);
    assertEquals(bits(5, 6, 1_000_000), kept);
  }

  @Test
  void anotherRun_orAnotherNumberOfBuckets_startsAnew() {
    three();
    assertEquals(0, files.of(JOB).open(Digest.of("other people")));
    DoneBuckets next = files.of(JOB);
    assertEquals(3, next.open(RUN));
    assertThrows(ProblemException.class, () -> next.begin(3, 5, new BitSet()));
    assertEquals(0, files.of(JOB).open(RUN));
  }

  @Test
  void tornOrChangedRecord_endsWhatCounts() throws IOException {
    three();
    byte[] whole = Files.readAllBytes(file());
    try (FileChannel torn = FileChannel.open(file(), StandardOpenOption.WRITE)) {
      torn.truncate(whole.length - 1);
    }
    assertEquals(2, files.of(JOB).open(RUN));
    try (FileChannel changed = FileChannel.open(file(), StandardOpenOption.WRITE)) {
      changed.write(ByteBuffer.wrap(new byte[] {(byte) (whole[20] ^ 1)}), 20);
    }
    assertEquals(0, files.of(JOB).open(RUN));
  }

  @Test
  void runOfOneBucket_leavesNothing_andASettledJobNeither() {
    DoneBuckets one = files.of(JOB);
    assertEquals(0, one.open(RUN));
    one.begin(0, 1, new BitSet());
    one.done(0, new int[] {1});
    assertFalse(Files.exists(file()));
    three();
    assertTrue(Files.exists(file()));
    files.drop(JOB);
    assertFalse(Files.exists(file()));
    three();
    files.restarted(_ -> false);
    assertFalse(Files.exists(file()));
    assertEquals(0, files.of(JOB).open(RUN));
  }

  @Test
  void fileWithoutItsKey_isRemovedAtAStart() throws IOException {
    three();
    store.inTransaction("lose", t -> t.update("DELETE FROM bucket_run"));
    files.restarted(JOB::equals);
    assertFalse(Files.exists(file()));
  }
}

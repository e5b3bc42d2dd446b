package hesuan.log;

import hesuan.evidence.Checkpoint;
import hesuan.evidence.Envelope;
import hesuan.evidence.Leaf;
import hesuan.evidence.Merkle;
import hesuan.evidence.PartyKeys;
import hesuan.evidence.Receipt;
import hesuan.evidence.SigningKeys;
import hesuan.evidence.Statement;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * An append-only log of signed statements in one directory, with one writer.
 *
 * <p>Order of effects in an append: records (envelope and salt), tiles, checkpoint; each file is
 * written beside its name, synced, renamed, and its directory synced, before the next stage. So a
 * checkpoint never speaks of what a crash could still take. Records beyond the checkpoint are
 * whole, and are integrated on opening: an append that was cut off then did happen, and repeating
 * it finds it. After an I/O error the log takes nothing more until it is opened again.
 *
 * <p>Thread-safe. Appends that wait at the same time share one checkpoint and its syncs.
 */
public final class TileLog implements AutoCloseable {
  private static final String CHECKPOINT = "checkpoint";
  private static final String TEMPORARY = ".tmp";
  private static final int GROUP_MAX = 4096;

  private final Disk disk;
  private final AutoCloseable lock;
  private final SigningKeys keys;
  private final String origin;
  private final Clock clock;
  private final SecureRandom random;
  private final ReentrantLock writing = new ReentrantLock();
  private final ConcurrentLinkedQueue<Pending> queue = new ConcurrentLinkedQueue<>();
  private final Map<Digest, Long> indexByEnvelope = new HashMap<>();
  private final List<@Nullable Digest> envelopeByIndex = new ArrayList<>();

  private TileTree tree;
  private String note;
  private boolean failed;

  /** One append on its way; guarded by {@code writing} once it is in the queue. */
  private static final class Pending {
    private final LogRecord.Draft draft;
    private @Nullable Receipt receipt;

    Pending(LogRecord.Draft draft) {
      this.draft = draft;
    }
  }

  private TileLog(
      Disk disk,
      AutoCloseable lock,
      SigningKeys keys,
      String federation,
      Clock clock,
      SecureRandom random)
      throws IOException {
    this.disk = disk;
    this.lock = lock;
    this.keys = keys;
    this.origin = Checkpoint.origin(federation, keys.party());
    this.clock = clock;
    this.random = random;
    this.note = "";
    this.tree = TileTree.empty(disk);
    recover();
  }

  /**
   * Opens the log of the keys' owner, makes it if there is none, and finishes what a crash left.
   *
   * @param random draws the salts; they are secrets
   * @throws ProblemException ENVIRONMENT when another process has it open or its files are damaged
   */
  public static TileLog open(
      Path directory, SigningKeys keys, String federation, Clock clock, SecureRandom random) {
    try {
      Files.createDirectories(directory);
      AutoCloseable lock = lock(directory.resolve("lock"));
      try {
        return new TileLog(Disk.at(directory), lock, keys, federation, clock, random);
      } catch (IOException | RuntimeException e) {
        closeQuietly(lock);
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("log in " + directory, e);
    }
  }

  /** On another disk, without a lock: for tests that end the world. */
  static TileLog open(
      Disk disk, SigningKeys keys, String federation, Clock clock, SecureRandom random)
      throws IOException {
    return new TileLog(disk, () -> {}, keys, federation, clock, random);
  }

  private static AutoCloseable lock(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock = null;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // this very process has it open: same answer as for another
    }
    if (lock == null) {
      channel.close();
      throw new ProblemException(
          ErrorCode.ENVIRONMENT,
          file.toString(),
          "one process to have the log open",
          "another that does");
    }
    return channel;
  }

  private static void closeQuietly(AutoCloseable lock) {
    try {
      lock.close();
    } catch (Exception e) {
      // the failure that brought us here is the one to tell
    }
  }

  /** Logs a statement of the log's owner. */
  public Receipt append(Envelope envelope) {
    return append(envelope, keys.publicKeys(), List.of(), List.of());
  }

  /**
   * Logs a statement, and proves it. May be retried: one envelope is one entry, whoever brings it
   * again gets a receipt for the first.
   *
   * @param signer keys of the statement's speaker
   * @param consents for a release, the others' consents in the order of the statement
   * @param consenting their keys, in the same order
   * @throws ProblemException SIGNATURE_REFUSED when a signature does not verify
   */
  public Receipt append(
      Envelope envelope, PartyKeys signer, List<Envelope> consents, List<PartyKeys> consenting) {
    Pending pending = new Pending(draft(envelope, signer, consents, consenting));
    queue.add(pending);
    writing.lock();
    try {
      while (pending.receipt == null) {
        commitGroup();
      }
      return pending.receipt;
    } finally {
      writing.unlock();
    }
  }

  private LogRecord.Draft draft(
      Envelope envelope, PartyKeys signer, List<Envelope> consents, List<PartyKeys> consenting) {
    Statement statement = Statement.verify(envelope, signer);
    if (consents.size() != consenting.size()) {
      throw new IllegalArgumentException(
          consents.size() + " consents, keys of " + consenting.size());
    }
    Map<PartyId, Digest> hints = new TreeMap<>();
    hints.put(keys.party(), keys.publicKeys().digest());
    hints.put(signer.party(), signer.digest());
    for (int i = 0; i < consents.size(); i++) {
      Statement.verify(consents.get(i), consenting.get(i));
      hints.put(consenting.get(i).party(), consenting.get(i).digest());
    }
    List<Receipt.KeyHint> list = new ArrayList<>();
    hints.forEach((party, digest) -> list.add(new Receipt.KeyHint(party, digest)));
    return new LogRecord.Draft(statement.kind(), envelope, consents, list);
  }

  /** The receipt of an entry at the log's present state. */
  public Receipt prove(long index) {
    writing.lock();
    try {
      return receipt(index);
    } finally {
      writing.unlock();
    }
  }

  /** The receipt of that envelope, if it is in the log. */
  public Optional<Receipt> find(Digest envelope) {
    writing.lock();
    try {
      Long index = indexByEnvelope.get(envelope);
      return index == null ? Optional.empty() : Optional.of(receipt(index));
    } finally {
      writing.unlock();
    }
  }

  /** Shows that the log of that earlier size is the beginning of this one. */
  public List<Digest> proveConsistency(long oldSize) {
    writing.lock();
    try {
      return Merkle.consistencyProof(tree, oldSize, tree.size());
    } finally {
      writing.unlock();
    }
  }

  public long size() {
    writing.lock();
    try {
      return tree.size();
    } finally {
      writing.unlock();
    }
  }

  /** The signed note over the log's present state. */
  public String checkpoint() {
    writing.lock();
    try {
      return note;
    } finally {
      writing.unlock();
    }
  }

  /** The hash of the latest leaf: what the owner's next statement names as its previous. */
  public Optional<Digest> lastLeaf() {
    writing.lock();
    try {
      return tree.size() == 0
          ? Optional.empty()
          : Optional.of(TileTree.digest(tree.hash(0, tree.size() - 1)));
    } finally {
      writing.unlock();
    }
  }

  /** Reads everything back and checks it against everything else. */
  public LogCheck fsck() {
    writing.lock();
    try {
      return LogCheck.run(disk, keys.publicKeys(), tree.size(), note, envelopeByIndex);
    } catch (IOException e) {
      throw new UncheckedIOException("log " + origin, e);
    } finally {
      writing.unlock();
    }
  }

  private Receipt receipt(long index) {
    if (index < 0 || index >= tree.size()) {
      throw new IndexOutOfBoundsException("entry " + index + " of " + tree.size());
    }
    try {
      LogRecord entry = readRecord(index);
      return Receipt.of(
          entry.envelope(),
          entry.consents(),
          entry.saltBytes(),
          entry.hour(),
          index,
          Merkle.inclusionProof(tree, index, tree.size()),
          note,
          entry.keys());
    } catch (IOException e) {
      throw new UncheckedIOException("log " + origin, e);
    }
  }

  private LogRecord readRecord(long index) throws IOException {
    Digest envelope = envelopeByIndex.get((int) index);
    byte[] bytes =
        envelope == null ? null : disk.read(LogRecord.path(index, envelope)).orElse(null);
    if (bytes == null) {
      throw damaged("the record of entry " + index, "none");
    }
    return Json.read(bytes, LogRecord.class);
  }

  private void commitGroup() {
    List<Pending> group = new ArrayList<>();
    for (Pending next; group.size() < GROUP_MAX && (next = queue.poll()) != null; ) {
      group.add(next);
    }
    if (failed) {
      throw new IllegalStateException("log " + origin + " failed earlier: open it again");
    }
    try {
      List<LogRecord> fresh = new ArrayList<>();
      Set<Digest> seen = new LinkedHashSet<>();
      for (Pending each : group) {
        Digest digest = each.draft.envelope().digest();
        if (!indexByEnvelope.containsKey(digest) && seen.add(digest)) {
          fresh.add(record(each.draft));
        }
      }
      if (!fresh.isEmpty()) {
        storeRecords(fresh);
        integrate(fresh);
      }
      for (Pending each : group) {
        each.receipt = receipt(indexByEnvelope.get(each.draft.envelope().digest()));
      }
    } catch (IOException e) {
      failed = true;
      throw new UncheckedIOException("log " + origin, e);
    } catch (RuntimeException e) {
      failed = true;
      throw e;
    }
  }

  private LogRecord record(LogRecord.Draft draft) {
    byte[] salt = new byte[Leaf.SALT_BYTES];
    random.nextBytes(salt);
    return draft.seal(salt, Leaf.hourOf(clock.instant().getEpochSecond()));
  }

  private void storeRecords(List<LogRecord> fresh) throws IOException {
    Set<String> directories = new LinkedHashSet<>();
    long index = tree.size();
    for (LogRecord each : fresh) {
      String path = LogRecord.path(index++, each.envelope().digest());
      put(path, Json.canonical(each));
      directories.add(Tiles.directoryOf(path));
    }
    for (String directory : directories) {
      disk.syncDirectory(directory);
    }
  }

  /** From records on the disk to a checkpoint that speaks of them. */
  private void integrate(List<LogRecord> fresh) throws IOException {
    TileTree grown = tree.copy();
    List<byte[]> leaves = fresh.stream().map(each -> each.leaf().bytes()).toList();
    Map<String, byte[]> files = grown.append(leaves);
    Set<String> directories = new LinkedHashSet<>();
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      put(file.getKey(), file.getValue());
      directories.add(Tiles.directoryOf(file.getKey()));
    }
    for (String directory : directories) {
      disk.syncDirectory(directory);
    }
    String signed =
        new Checkpoint(origin, grown.size(), grown.root())
            .sign(keys, clock.instant().getEpochSecond());
    put(CHECKPOINT, signed.getBytes(StandardCharsets.UTF_8));
    disk.syncDirectory("");
    for (LogRecord each : fresh) {
      Digest digest = each.envelope().digest();
      indexByEnvelope.put(digest, (long) envelopeByIndex.size());
      envelopeByIndex.add(digest);
    }
    tree = grown;
    note = signed;
  }

  /** Whole and under its name, or not there; durable once the directory is synced too. */
  private void put(String path, byte[] bytes) throws IOException {
    disk.write(path + TEMPORARY, bytes);
    disk.syncFile(path + TEMPORARY);
    disk.rename(path + TEMPORARY, path);
  }

  private void recover() throws IOException {
    Optional<byte[]> stored = disk.read(CHECKPOINT);
    if (stored.isPresent()) {
      note = new String(stored.get(), StandardCharsets.UTF_8);
      Checkpoint checkpoint = Checkpoint.verify(note, keys.publicKeys()).checkpoint();
      if (!checkpoint.origin().equals(origin)) {
        throw damaged("a checkpoint of " + origin, checkpoint.origin());
      }
      tree = TileTree.load(disk, checkpoint.size());
      if (!tree.root().equals(checkpoint.root())) {
        throw damaged("tiles with the checkpoint's root", "another root");
      }
    }
    Map<Long, Digest> records = LogRecord.listAll(disk);
    for (long index = 0; index < tree.size(); index++) {
      Digest digest = records.get(index);
      envelopeByIndex.add(digest);
      if (digest != null) {
        indexByEnvelope.put(digest, index);
      }
    }
    List<LogRecord> cutOff = new ArrayList<>();
    for (long index = tree.size(); records.containsKey(index); index++) {
      byte[] bytes = disk.read(LogRecord.path(index, records.get(index))).orElseThrow();
      cutOff.add(Json.read(bytes, LogRecord.class));
    }
    long end = tree.size() + cutOff.size();
    for (Map.Entry<Long, Digest> each : records.entrySet()) {
      if (each.getKey() >= end) { // behind a gap: never acknowledged, and its place is wanted
        disk.delete(LogRecord.path(each.getKey(), each.getValue()));
      }
    }
    if (!cutOff.isEmpty() || stored.isEmpty()) {
      integrate(cutOff);
    }
  }

  private ProblemException damaged(String expected, String found) {
    return new ProblemException(ErrorCode.ENVIRONMENT, "log " + origin, expected, found);
  }

  @Override
  public void close() {
    writing.lock();
    try {
      failed = true;
      lock.close();
    } catch (Exception e) {
      throw new IllegalStateException("log " + origin + " did not close", e);
    } finally {
      writing.unlock();
    }
  }
}

package hesuan.agent.lookup;

import hesuan.agent.data.OwnProducts;
import hesuan.agent.data.OwnRows;
import hesuan.group.Workers;
import hesuan.psi.Lookup;
import hesuan.psi.UnbalancedDataset;
import hesuan.psi.UnbalancedVersion;
import hesuan.source.IdSet;
import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import hesuan.wire.SecretBytes;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.SoftReference;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This party's product versions as sets that can be asked ({@code docs/protocols/unbalanced-psi}),
 * each made once: a multiplication for each person. The next version of a product is made of the
 * one before, under the same key, by what came and went. When a version is withdrawn the seed of
 * its key is destroyed, and versions that shared it are made anew when they are next asked.
 *
 * <p>A set is on the disk, and named by the store, before anything is answered from it; a kill
 * while it is made leaves nothing that the next start would not remove.
 */
public final class PreparedSets {
  private static final Logger LOG = LoggerFactory.getLogger(PreparedSets.class);
  private static final int SEED_BYTES = 32;
  private static final int PIECE_LONGS = 1 << 13;
  private static final String SELECT =
      "SELECT product, epoch, revision, seed, file, file_key, file_digest FROM prepared_set";

  private final Path folder;
  private final Store store;
  private final OwnProducts own;
  private final Workers workers;
  private final SecureRandom random;
  private final Map<ProductRef, CompletableFuture<UnbalancedDataset>> ahead =
      new ConcurrentHashMap<>();
  private volatile SoftReference<Loaded> latest = new SoftReference<>(null);

  private record Stored(
      ProductRef product, Digest epoch, int revision, SecretBytes seed, SealedFile file) {
    UnbalancedVersion version() {
      return Lookup.version(epoch);
    }
  }

  private record Loaded(ProductRef product, UnbalancedDataset set) {}

  private record Content(long[] blocks, UnbalancedDataset set) {}

  public PreparedSets(
      Path folder, Store store, OwnProducts own, Workers workers, SecureRandom random) {
    this.folder = folder;
    this.store = store;
    this.own = own;
    this.workers = workers;
    this.random = random;
  }

  /**
   * The set of a version in force, made now if it is not there yet; one at a time.
   *
   * @throws ProblemException as {@link OwnProducts#open} does, when it is made, and WITHDRAWN
   */
  public synchronized UnbalancedDataset of(ProductRef product) {
    requireInForce(product);
    Optional<Stored> stored = find(product);
    if (stored.isPresent()) {
      own.requireUnchanged(product);
      Loaded loaded = latest.get();
      if (loaded != null
          && loaded.product.equals(product)
          && loaded.set.version().equals(stored.get().version())) {
        return loaded.set;
      }
      Content content = load(stored.get(), false);
      if (content != null) {
        return remember(product, content.set);
      }
    }
    return remember(product, prepare(product));
  }

  /**
   * Prepares ahead of any job, and waits for it for a while.
   *
   * @return empty: it goes on; ask again
   * @throws ProblemException why it failed
   */
  public Optional<UnbalancedDataset> ahead(ProductRef product, Duration wait)
      throws InterruptedException {
    requireInForce(product);
    CompletableFuture<UnbalancedDataset> made =
        ahead.computeIfAbsent(
            product,
            ref ->
                CompletableFuture.supplyAsync(
                    () -> of(ref), work -> Thread.ofPlatform().daemon().start(work)));
    try {
      UnbalancedDataset set = made.get(wait.toMillis(), TimeUnit.MILLISECONDS);
      ahead.remove(product);
      return Optional.of(set);
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (ExecutionException e) {
      ahead.remove(product);
      throw e.getCause() instanceof ProblemException problem
          ? problem
          : new IllegalStateException("preparing " + product, e.getCause());
    }
  }

  private UnbalancedDataset remember(ProductRef product, UnbalancedDataset set) {
    latest = new SoftReference<>(new Loaded(product, set));
    return set;
  }

  private void requireInForce(ProductRef product) {
    OwnProducts.Held held =
        own.find(product)
            .orElseThrow(
                () ->
                    new ProblemException(
                        ErrorCode.UNKNOWN_PRODUCT,
                        "product",
                        "an own product",
                        product.toString()));
    own.requireCurrent(product, Digest.ofDocument(held.product()));
  }

  private UnbalancedDataset prepare(ProductRef product) {
    long start = System.nanoTime();
    Stored base = base(product.asset()).orElse(null);
    Content before = base == null ? null : load(base, true);
    UnbalancedDataset set = null;
    SecretBytes seed = null;
    long[] blocks = new long[0];
    if (base != null && before != null) {
      blocks = blocks(product, base.version());
      set = updated(before, blocks);
      seed = base.seed;
    }
    if (set == null || seed == null) {
      seed = new SecretBytes(fresh());
      UnbalancedVersion version = Lookup.version(Digest.of(fresh()));
      blocks = blocks(product, version);
      set = UnbalancedDataset.build(version, seed, blocks, workers, random);
    }
    keep(product, blocks, set, seed);
    LOG.info(
        "prepared {}: {} people, revision {}, {} ms",
        product,
        set.items(),
        set.revision(),
        (System.nanoTime() - start) / 1_000_000);
    return set;
  }

  private byte[] fresh() {
    byte[] bytes = new byte[SEED_BYTES];
    random.nextBytes(bytes);
    return bytes;
  }

  private long[] blocks(ProductRef product, UnbalancedVersion version) {
    try (OwnRows rows = own.open(List.of(product)).orElseThrow();
        IdSet ids = rows.ids(null, List.of())) {
      rows.requireUntouched();
      return ids.blocks(version.dataset());
    }
  }

  /** Null where so much has changed that it is less work to begin anew. */
  private @Nullable UnbalancedDataset updated(Content before, long[] blocks) {
    long[] added = new BlockSet(before.blocks).lacking(blocks);
    long[] withdrawn = new BlockSet(blocks).lacking(before.blocks);
    if (added.length + withdrawn.length >= blocks.length) {
      return null;
    }
    try {
      return before.set.update(added, withdrawn, workers, random);
    } catch (ProblemException e) {
      if (e.problem().code() == ErrorCode.TOO_LARGE) {
        return null;
      }
      throw e;
    }
  }

  private void keep(ProductRef product, long[] blocks, UnbalancedDataset set, SecretBytes seed) {
    String name =
        product.name() + "-" + product.version() + "-" + HexFormat.of().formatHex(fresh(), 0, 8);
    try {
      SealedFile file = SealedFile.write(folder, name, random, out -> write(out, blocks, set));
      byte[] seedBytes = seed.exposeCopy();
      boolean kept =
          store.inTransaction(
              "keep prepared set",
              t -> {
                boolean stands =
                    set.revision() == 0
                        || t.one(
                                "SELECT 1 FROM prepared_set WHERE epoch = ? LIMIT 1",
                                row -> 1,
                                set.version().dataset().hex())
                            .isPresent();
                return stands
                    && t.update(
                            """
                            INSERT INTO prepared_set
                              (product, asset, epoch, revision, seed, file, file_key, file_digest)
                            SELECT ?, ?, ?, ?, ?, ?, ?, ?
                            WHERE EXISTS (SELECT 1 FROM product WHERE ref = ? AND withdrawn = 0)""",
                            product.toString(),
                            product.asset(),
                            set.version().dataset().hex(),
                            set.revision(),
                            seedBytes,
                            file.name(),
                            file.key(),
                            file.digest().hex(),
                            product.toString())
                        == 1;
              });
      Arrays.fill(seedBytes, (byte) 0);
      removeUnknown();
      if (!kept) {
        requireInForce(product);
        throw new ProblemException(
            ErrorCode.RESTARTED,
            product.toString(),
            "a seed in force",
            "it was destroyed meanwhile");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(DataOutputStream out, long[] blocks, UnbalancedDataset set)
      throws IOException {
    out.writeInt(blocks.length);
    ByteBuffer piece = ByteBuffer.allocate(8 * PIECE_LONGS);
    for (int from = 0; from < blocks.length; from += PIECE_LONGS) {
      int some = Math.min(PIECE_LONGS, blocks.length - from);
      piece.clear().asLongBuffer().put(blocks, from, some);
      out.write(piece.array(), 0, 8 * some);
    }
    set.write(out);
  }

  private static Content read(DataInputStream in, Stored stored, boolean withBlocks)
      throws IOException {
    int longs = in.readInt();
    if (longs < 0 || longs % 2 != 0) {
      throw new IOException("no set of " + longs + " longs");
    }
    long[] blocks = new long[withBlocks ? longs : 0];
    ByteBuffer piece = ByteBuffer.allocate(8 * PIECE_LONGS);
    for (int from = 0; from < longs; from += PIECE_LONGS) {
      int some = Math.min(PIECE_LONGS, longs - from);
      in.readFully(piece.array(), 0, 8 * some);
      if (withBlocks) {
        piece.clear().asLongBuffer().get(blocks, from, some);
      }
    }
    return new Content(blocks, UnbalancedDataset.read(stored.version(), stored.seed, in));
  }

  /** Null where the file is gone or damaged: the set is then made anew, under another key. */
  private @Nullable Content load(Stored stored, boolean withBlocks) {
    try {
      return stored.file.read(folder, in -> read(in, stored, withBlocks));
    } catch (IOException e) {
      LOG.warn("{} is prepared anew: {}", stored.product, e.toString());
      destroy(stored.epoch);
      return null;
    }
  }

  private Optional<Stored> find(ProductRef product) {
    return store.read(
        "prepared set",
        t -> t.one(SELECT + " WHERE product = ?", PreparedSets::stored, product.toString()));
  }

  /** The newest of a product's sets: revisions count up, so that no two have the same. */
  private Optional<Stored> base(String asset) {
    return store.read(
        "newest prepared set",
        t ->
            t.one(
                SELECT + " WHERE asset = ? ORDER BY rowid DESC LIMIT 1",
                PreparedSets::stored,
                asset));
  }

  private static Stored stored(ResultSet row) throws SQLException {
    return new Stored(
        ProductRef.parse(row.getString(1)),
        new Digest(row.getString(2)),
        row.getInt(3),
        new SecretBytes(row.getBytes(4)),
        new SealedFile(row.getString(5), row.getBytes(6), new Digest(row.getString(7))));
  }

  /**
   * After a withdrawal: nobody is ever answered under that key again. Waits for nothing: a set that
   * is being made finds its version withdrawn. May be retried.
   */
  public void forget(ProductRef withdrawn) {
    find(withdrawn).ifPresent(stored -> destroy(stored.epoch));
  }

  private void destroy(Digest epoch) {
    latest.clear();
    List<String> files =
        store.inTransaction(
            "destroy seed",
            t -> {
              List<String> named =
                  t.query(
                      "SELECT file FROM prepared_set WHERE epoch = ?",
                      row -> row.getString(1),
                      epoch.hex());
              overwrite(t, "epoch = ?", epoch.hex());
              return named;
            });
    remove(folder, files::contains);
  }

  /** Written over before it is deleted; older frames of the store's log stay until it is reused. */
  private static void overwrite(Transaction t, String where, Object... values) throws SQLException {
    t.update(
        "UPDATE prepared_set SET seed = zeroblob(32), file_key = zeroblob(32) WHERE " + where,
        values);
    t.update("DELETE FROM prepared_set WHERE " + where, values);
  }

  /** At a start: ends what a kill left half done. */
  public synchronized void restarted() {
    store.inTransaction(
        "destroy seeds of withdrawn versions",
        t -> {
          overwrite(
              t,
              """
              epoch IN (SELECT epoch FROM prepared_set JOIN product ON product = ref
                WHERE withdrawn = 1)""");
          return null;
        });
    removeUnknown();
  }

  private void removeUnknown() {
    Set<String> known =
        new HashSet<>(
            store.read(
                "prepared files",
                t -> t.query("SELECT file FROM prepared_set", row -> row.getString(1))));
    remove(folder, name -> !known.contains(name));
  }

  static void remove(Path folder, Predicate<String> which) {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        if (which.test(file.getFileName().toString())) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

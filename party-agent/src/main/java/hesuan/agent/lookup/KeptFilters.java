package hesuan.agent.lookup;

import hesuan.psi.UnbalancedFilter;
import hesuan.psi.UnbalancedVersion;
import hesuan.store.Store;
import hesuan.wire.Digest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The latest filter of each product of others that was asked, so that the next run is sent only
 * what changed. Losing one costs its bytes again.
 */
public final class KeptFilters {
  private static final Logger LOG = LoggerFactory.getLogger(KeptFilters.class);

  private final Path folder;
  private final Store store;
  private final SecureRandom random;

  private record Stored(Digest filter, SealedFile file) {}

  public KeptFilters(Path folder, Store store, SecureRandom random) {
    this.folder = folder;
    this.store = store;
    this.random = random;
  }

  /**
   * @param asset of the holder
   */
  public synchronized Optional<UnbalancedFilter> find(String asset, UnbalancedVersion version) {
    Optional<Stored> stored =
        store.read(
            "kept filter",
            t ->
                t.one(
                    """
                    SELECT filter, file, file_key, file_digest FROM kept_filter
                    WHERE asset = ? AND epoch = ?""",
                    row ->
                        new Stored(
                            new Digest(row.getString(1)),
                            new SealedFile(
                                row.getString(2), row.getBytes(3), new Digest(row.getString(4)))),
                    asset,
                    version.dataset().hex()));
    if (stored.isEmpty()) {
      return Optional.empty();
    }
    try {
      UnbalancedFilter filter =
          stored.get().file.read(folder, in -> UnbalancedFilter.read(version, in));
      return filter.digest().equals(stored.get().filter) ? Optional.of(filter) : Optional.empty();
    } catch (IOException e) {
      LOG.warn("the filter of {} is asked for again: {}", asset, e.toString());
      return Optional.empty();
    }
  }

  /** In place of the one before. */
  public synchronized void keep(String asset, UnbalancedFilter filter) {
    String name = Digest.of(asset).hex().substring(0, 16) + "-" + filter.digest().hex();
    try {
      SealedFile file = SealedFile.write(folder, name, random, filter::write);
      store.inTransaction(
          "keep filter",
          t ->
              t.update(
                  """
                  INSERT INTO kept_filter (asset, epoch, filter, file, file_key, file_digest)
                  VALUES (?, ?, ?, ?, ?, ?)
                  ON CONFLICT (asset) DO UPDATE SET epoch = excluded.epoch,
                    filter = excluded.filter, file = excluded.file, file_key = excluded.file_key,
                    file_digest = excluded.file_digest""",
                  asset,
                  filter.version().dataset().hex(),
                  filter.digest().hex(),
                  file.name(),
                  file.key(),
                  file.digest().hex()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    removeUnknown();
  }

  /** At a start, and whenever another takes its place. */
  public synchronized void removeUnknown() {
    Set<String> known =
        new HashSet<>(
            store.read(
                "kept filter files",
                t -> t.query("SELECT file FROM kept_filter", row -> row.getString(1))));
    PreparedSets.remove(folder, name -> !known.contains(name));
  }
}

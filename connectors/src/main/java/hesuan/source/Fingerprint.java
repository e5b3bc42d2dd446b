package hesuan.source;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import hesuan.wire.Product.Column;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.arrow.vector.VarBinaryVector;
import org.jspecify.annotations.Nullable;

/**
 * The exact version of a source as one digest: same digest, same data read in the same way. The
 * path is not part of it. A file counts by its bytes; a table of a DuckDB file by its rows, in any
 * order, because the bytes of a database change whenever anything in it does. {@code
 * docs/connectors.md} argues it.
 *
 * <p>It is the owner's own: whoever knows all rows but one could try them all. Others see its
 * {@link #commitment}.
 */
public final class Fingerprint {
  private static final String RULE = "fingerprint/1";
  private static final String COMMITMENT = "fingerprint-commitment/1";
  private static final int CHUNK_BYTES = 1 << 18;
  private static final int BATCH_ROWS = 32_768;

  private Fingerprint() {}

  /** Reads the whole source once; a CSV that is not UTF-8 throughout is refused on the way. */
  public static Digest of(Source source, ReadLimits limits) {
    return switch (source) {
      case Source.Csv csv -> document(csv, fileDigest(csv, Optional.of(new Utf8Check(csv))));
      case Source.Parquet parquet -> document(parquet, fileDigest(parquet, Optional.empty()));
      case Source.DuckDb _, Source.PostgreSql _ -> {
        try (SourceReader reader = SourceReader.open(source, limits)) {
          yield of(reader);
        }
      }
    };
  }

  /** Of what the reader reads; of a table of PostgreSQL, the very rows. */
  public static Digest of(SourceReader reader) {
    return switch (reader.source()) {
      case Source.Csv csv -> document(csv, fileDigest(csv, Optional.of(new Utf8Check(csv))));
      case Source.Parquet parquet -> document(parquet, fileDigest(parquet, Optional.empty()));
      case Source.DuckDb _, Source.PostgreSql _ -> document(reader.source(), tableDigest(reader));
    };
  }

  /**
   * What others may see of a fingerprint: it binds the owner to it, and tells nothing of the data
   * to those who have not the salt, 32 random bytes.
   */
  public static Digest commitment(Digest fingerprint, Digest salt) {
    return Digest.ofDocument(
        new TreeMap<>(Map.of("rule", COMMITMENT, "fingerprint", fingerprint, "salt", salt)));
  }

  private static Digest document(Source source, Digest content) {
    return Digest.ofDocument(
        new TreeMap<>(
            Map.of(
                "rule",
                RULE,
                "kind",
                source.kind(),
                "reading",
                source.reading(),
                "content",
                content)));
  }

  /**
   * A source that was found to be what was published.
   *
   * @param stamp how it looked then; null where it has no look
   */
  public record Seen(Digest fingerprint, @Nullable Stamp stamp) {}

  /**
   * Refuses a source that is no longer the one that was published, but reads it only if it looks
   * other than it did then: an early word, for those who {@link #open} it before use.
   */
  public static Seen requireAgain(
      Source source,
      List<Column> columns,
      Digest published,
      ReadLimits limits,
      @Nullable Seen seen) {
    Optional<Stamp> now = Stamp.of(source);
    if (now.isPresent()
        && seen != null
        && seen.fingerprint.equals(published)
        && now.get().equals(seen.stamp)) {
      return seen;
    }
    open(source, columns, published, limits).close();
    return new Seen(published, now.orElse(null));
  }

  /**
   * Opens a source for use, or refuses it where it is no longer the one that was published.
   *
   * @param columns that the product declares
   */
  public static SourceReader open(
      Source source, List<Column> columns, Digest published, ReadLimits limits) {
    SourceReader reader;
    try {
      reader = SourceReader.open(source, columns, limits);
    } catch (ProblemException e) {
      if (source instanceof Source.File) {
        // A file that lacks what the product declares is, before all, another file.
        requireSame(source, published, of(source, limits));
      }
      throw e;
    }
    try {
      requireSame(source, published, of(reader));
      return reader;
    } catch (RuntimeException e) {
      reader.close();
      throw e;
    }
  }

  private static void requireSame(Source source, Digest published, Digest found) {
    if (!found.equals(published)) {
      throw new ProblemException(
          ErrorCode.SOURCE_CHANGED,
          ReadProblems.name(source),
          "the data that were published",
          // Nothing of either digest: it would let others try which row it was that changed.
          "other data");
    }
  }

  private static Digest fileDigest(Source.File source, Optional<Utf8Check> text) {
    Stamp.ofFile(source);
    MessageDigest sha256 = Digest.sha256();
    byte[] chunk = new byte[CHUNK_BYTES];
    try (InputStream in = Files.newInputStream(source.path())) {
      for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
        int length = n;
        sha256.update(chunk, 0, length);
        text.ifPresent(check -> check.accept(chunk, length));
      }
    } catch (IOException e) {
      throw new ProblemException(
          ErrorCode.SOURCE_UNREADABLE,
          ReadProblems.name(source),
          "a readable file",
          e.getClass().getSimpleName());
    }
    text.ifPresent(Utf8Check::end);
    return new Digest(HexFormat.of().formatHex(sha256.digest()));
  }

  /**
   * Each row's own digest, sorted, under one: a commitment to the rows as a multiset that costs a
   * sort of 32 bytes a row, spilled where it is large.
   */
  private static Digest tableDigest(SourceReader reader) {
    MessageDigest sha256 = Digest.sha256();
    byte[] row = new byte[32];
    try (Connection connection = reader.connection()) {
      Map<String, String> columns = reader.sourceColumns();
      sha256.update(
          Digest.ofDocument(List.of(List.copyOf(columns.keySet()), List.copyOf(columns.values())))
              .bytes());
      String encoded =
          columns.keySet().stream().map(Fingerprint::cell).collect(Collectors.joining(" || "));
      SourceReader.forEachBatch(
          connection,
          "SELECT unhex(sha256(%s)) AS h FROM %s ORDER BY h".formatted(encoded, reader.relation()),
          BATCH_ROWS,
          batch -> {
            VarBinaryVector digests = (VarBinaryVector) batch.getVector(0);
            for (int i = 0; i < batch.getRowCount(); i++) {
              digests.getDataBuffer().getBytes(digests.getStartOffset(i), row, 0, row.length);
              sha256.update(row);
            }
          });
    } catch (SQLException e) {
      throw ReadProblems.of(reader.source(), e);
    }
    return new Digest(HexFormat.of().formatHex(sha256.digest()));
  }

  /** Unambiguous: a null is {@code n}, a value is its length in bytes and its text. */
  private static String cell(String column) {
    String text = "CAST(" + Sql.name(column) + " AS VARCHAR)";
    return "CASE WHEN %1$s IS NULL THEN 'n' ELSE 'v' || strlen(%1$s) || ':' || %1$s END"
        .formatted(text);
  }
}

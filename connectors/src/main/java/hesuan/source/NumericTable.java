package hesuan.source;

import hesuan.ids.IdNormaliser;
import hesuan.ids.IdQuality;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.IdRule;
import hesuan.wire.ProblemException;
import java.nio.charset.StandardCharsets;
import java.security.DigestException;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;

/**
 * Rows of numbers to learn from: features row by row in one array, one label per row, and a hash of
 * the row's id, by which every party puts the same person on the same side of the hold-out split. A
 * person's several rows all stay, on that one side. A row whose id is empty or malformed, or with a
 * number missing or not finite, is left out and counted.
 */
public final class NumericTable {
  private static final int BATCH_ROWS = 16_384;
  private static final byte[] HASH_DOMAIN =
      "hesuan/holdout/1\0".getBytes(StandardCharsets.US_ASCII);

  private final int width;
  private float[] features;
  private float[] labels = new float[1024];
  private long[] idHashes = new long[1024];
  private int rows;
  private long empty;
  private long malformed;
  private long incomplete;

  private NumericTable(int width) {
    this.width = width;
    this.features = new float[1024 * width];
  }

  public static NumericTable read(
      Connection connection,
      String idColumn,
      IdRule rule,
      List<String> featureColumns,
      String labelColumn) {
    return read(connection, Rows.ALL, idColumn, rule, featureColumns, labelColumn);
  }

  public static NumericTable read(
      Connection connection,
      Rows rows,
      String idColumn,
      IdRule rule,
      List<String> featureColumns,
      String labelColumn) {
    NumericTable table = new NumericTable(featureColumns.size());
    String numbers =
        Stream.concat(featureColumns.stream(), Stream.of(labelColumn))
            .map(column -> "CAST(" + Sql.name(column) + " AS FLOAT)")
            .collect(Collectors.joining(", "));
    String sql = rows.sql("CAST(" + Sql.name(idColumn) + " AS VARCHAR), " + numbers);
    IdNormaliser normaliser = new IdNormaliser(rule);
    IdText text = new IdText();
    MessageDigest sha256 = Digest.sha256();
    try {
      SourceReader.forEachBatch(
          connection, sql, BATCH_ROWS, batch -> table.addAll(batch, normaliser, text, sha256));
    } catch (SQLException e) {
      throw ReadProblems.of(rows.relation(), e);
    }
    if (table.rows == 0) {
      throw new ProblemException(
          ErrorCode.SOURCE_EMPTY,
          "column " + idColumn,
          "at least one complete row with an id by rule " + rule.text(),
          "%d empty, %d malformed, %d incomplete"
              .formatted(table.empty, table.malformed, table.incomplete));
    }
    return table.trimmed();
  }

  public int rows() {
    return rows;
  }

  public int width() {
    return width;
  }

  /** {@code rows() * width()} numbers, row by row; the table's own array, not to be written. */
  public float[] features() {
    return features;
  }

  /** One per row; the table's own array. */
  public float[] labels() {
    return labels;
  }

  /** Evenly spread over all longs, and one way. */
  public long idHash(int row) {
    return idHashes[row];
  }

  public boolean isHeldOut(int row, int holdoutPercent) {
    return Long.remainderUnsigned(idHashes[row], 100) < holdoutPercent;
  }

  /** Rows that were left out because a number was missing or not finite. */
  public long incomplete() {
    return incomplete;
  }

  /** Of the rows with numbers; repetitions are found by the id's hash. */
  public IdQuality quality() {
    long[] sorted = idHashes.clone();
    Arrays.sort(sorted);
    long distinct = rows == 0 ? 0 : 1;
    for (int i = 1; i < rows; i++) {
      distinct += sorted[i] == sorted[i - 1] ? 0 : 1;
    }
    return new IdQuality(rows + empty + malformed, empty, malformed, rows - distinct, distinct);
  }

  private void addAll(
      VectorSchemaRoot batch, IdNormaliser normaliser, IdText text, MessageDigest sha256) {
    VarCharVector ids = (VarCharVector) batch.getVector(0);
    Float4Vector[] numbers = new Float4Vector[width + 1];
    for (int i = 0; i <= width; i++) {
      numbers[i] = (Float4Vector) batch.getVector(i + 1);
    }
    for (int row = 0; row < batch.getRowCount(); row++) {
      switch (text.accept(normaliser, ids, row)) {
        case NORMALISED -> add(numbers, row, hash(sha256, normaliser));
        case EMPTY -> empty++;
        case MALFORMED -> malformed++;
      }
    }
  }

  private void add(Float4Vector[] numbers, int row, long idHash) {
    reserve();
    for (int i = 0; i <= width; i++) {
      if (numbers[i].isNull(row) || !Float.isFinite(numbers[i].get(row))) {
        incomplete++;
        return;
      }
      if (i < width) {
        features[rows * width + i] = numbers[i].get(row);
      } else {
        labels[rows] = numbers[i].get(row);
      }
    }
    idHashes[rows++] = idHash;
  }

  private void reserve() {
    if (rows < labels.length) {
      return;
    }
    long more = Math.min(rows + (long) rows / 2, (Integer.MAX_VALUE - 16L) / Math.max(1, width));
    if (more <= rows) {
      throw new ProblemException(
          ErrorCode.LIMIT_EXCEEDED, "rows to learn from", "at most " + rows, "more");
    }
    labels = Arrays.copyOf(labels, (int) more);
    idHashes = Arrays.copyOf(idHashes, (int) more);
    features = Arrays.copyOf(features, (int) more * width);
  }

  private NumericTable trimmed() {
    labels = Arrays.copyOf(labels, rows);
    idHashes = Arrays.copyOf(idHashes, rows);
    features = Arrays.copyOf(features, rows * width);
    return this;
  }

  private final byte[] hash = new byte[32];

  private long hash(MessageDigest sha256, IdNormaliser id) {
    sha256.update(HASH_DOMAIN);
    sha256.update(id.bytes(), 0, id.length());
    try {
      sha256.digest(hash, 0, hash.length);
    } catch (DigestException e) {
      throw new IllegalStateException("32 bytes are what SHA-256 needs", e);
    }
    long value = 0;
    for (int i = 0; i < 8; i++) {
      value = (value << 8) | (hash[i] & 255);
    }
    return value;
  }
}

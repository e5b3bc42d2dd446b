package hesuan.source;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;

/**
 * The result of a query whose columns are all BIGINT, in memory, column by column: for kernels that
 * go over all rows several times.
 */
public final class LongTable {
  /** Stands for NULL; a query that may give it as a value must not be read so. */
  public static final long NULL = Long.MIN_VALUE;

  private static final int BATCH_ROWS = 65_536;

  /** Says of a table that is full which of its rows are needed, ascending. */
  public interface Needed {
    int[] rowsOf(LongTable full);
  }

  private final long[][] columns;
  private final int rowsMax;
  private final Needed needed;
  private int rows;

  private LongTable(int width, int rowsMax, Needed needed) {
    this.columns = new long[width][Math.min(rowsMax, BATCH_ROWS)];
    this.rowsMax = rowsMax;
    this.needed = needed;
  }

  /**
   * @param rowsMax a result with more is refused
   */
  public static LongTable read(Connection connection, String sql, int width, int rowsMax)
      throws SQLException {
    return read(connection, sql, width, rowsMax, full -> IntStream.range(0, full.rows()).toArray());
  }

  /**
   * @param rowsMax rows in memory at a time
   * @param needed asked whenever there are more; refused only if too many are needed
   */
  public static LongTable read(
      Connection connection, String sql, int width, int rowsMax, Needed needed)
      throws SQLException {
    LongTable table = new LongTable(width, rowsMax, needed);
    SourceReader.forEachBatch(connection, sql, BATCH_ROWS, table::add);
    return table;
  }

  public int rows() {
    return rows;
  }

  public int width() {
    return columns.length;
  }

  /** The table's own array, of at least {@link #rows} values; not to be written. */
  public long[] column(int index) {
    return columns[index];
  }

  private void add(VectorSchemaRoot batch) {
    int count = batch.getRowCount();
    for (int from = 0; from < count; ) {
      if (rows == rowsMax) {
        keep(needed.rowsOf(this));
      }
      int more = Math.min(count - from, rowsMax - rows);
      if (more == 0) {
        throw new ProblemException(
            ErrorCode.LIMIT_EXCEEDED, "rows in memory", "at most " + rowsMax, "more");
      }
      append(batch, from, more);
      from += more;
    }
  }

  private void append(VectorSchemaRoot batch, int from, int more) {
    for (int c = 0; c < columns.length; c++) {
      if (columns[c].length < rows + more) {
        long grown = Math.min(rowsMax, Math.max(rows + (long) more, 2L * columns[c].length));
        columns[c] = Arrays.copyOf(columns[c], (int) grown);
      }
      BigIntVector vector = (BigIntVector) batch.getVector(c);
      if (vector.getNullCount() == 0) {
        vector
            .getDataBuffer()
            .nioBuffer((long) from * Long.BYTES, more * Long.BYTES)
            .order(java.nio.ByteOrder.nativeOrder())
            .asLongBuffer()
            .get(columns[c], rows, more);
      } else {
        for (int row = 0; row < more; row++) {
          columns[c][rows + row] = vector.isNull(from + row) ? NULL : vector.get(from + row);
        }
      }
    }
    rows += more;
  }

  private void keep(int[] kept) {
    for (long[] column : columns) {
      for (int row = 0; row < kept.length; row++) {
        column[row] = column[kept[row]];
      }
    }
    rows = kept.length;
  }
}

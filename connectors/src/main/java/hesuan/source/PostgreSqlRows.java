package hesuan.source;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.postgresql.copy.PGCopyInputStream;

/**
 * What {@code COPY ... TO STDOUT (FORMAT binary)} sends, as Arrow batches: a header, then of each
 * row the number of its fields and of each field its length and bytes, big-endian; PostgreSQL's
 * manual has the format under COPY, and that of a value with its type's {@code send} function.
 */
final class PostgreSqlRows extends ArrowReader {
  private static final int BATCH_ROWS = 32_768;
  private static final int BUFFER_BYTES = 1 << 17;
  private static final int TEXT_BYTES_MAX = 1 << 20;
  private static final byte[] SIGNATURE = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', -1, '\r', '\n', 0};

  /** Days from 1970 to PostgreSQL's 2000. */
  private static final int EPOCH_DAYS = 10_957;

  private static final int DIGITS_MAX = 18;
  private static final int PLACES = 6;
  private static final long MILLION = 1_000_000;
  private static final long BELOW = 1_000_000_000_000_000_000L;

  /** A column of the copy, under the product's name. */
  record Field(String name, PostgreSqlTable.WireForm form) {}

  private final Source.PostgreSql source;
  private final List<Field> fields;
  private final PGCopyInputStream copy;
  private final DataInputStream in;
  private final Thread caller = Thread.currentThread();
  private byte[] text = new byte[256];
  private boolean begun;
  private boolean ended;
  private long bytes;
  private @Nullable ProblemException failure;

  PostgreSqlRows(
      BufferAllocator allocator,
      Source.PostgreSql source,
      List<Field> fields,
      PGCopyInputStream copy) {
    super(allocator);
    this.source = source;
    this.fields = fields;
    this.copy = copy;
    this.in = new DataInputStream(new BufferedInputStream(copy, BUFFER_BYTES));
  }

  /** Why the rows stopped. DuckDB, which asks for them, tells only that they did. */
  Optional<ProblemException> failure() {
    return Optional.ofNullable(failure);
  }

  @Override
  protected Schema readSchema() {
    return new Schema(fields.stream().map(PostgreSqlRows::field).toList());
  }

  private static org.apache.arrow.vector.types.pojo.Field field(Field field) {
    ArrowType type =
        switch (field.form) {
          case TEXT -> new ArrowType.Utf8();
          case WHOLE -> new ArrowType.Int(64, true);
          case EXACT -> new ArrowType.Decimal(DIGITS_MAX, PLACES, 128);
          case FLOATING -> new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
          case DAY, DAY_IN_UTC -> new ArrowType.Date(DateUnit.DAY);
          case TRUTH -> new ArrowType.Bool();
        };
    return new org.apache.arrow.vector.types.pojo.Field(field.name, FieldType.nullable(type), null);
  }

  /** May be called by a thread of DuckDB's own. */
  @Override
  public boolean loadNextBatch() throws IOException {
    if (failure != null) {
      throw failure;
    }
    try {
      if (caller.isInterrupted()) {
        throw new ProblemException(
            ErrorCode.CANCELLED, "reading", "all rows", "interrupted on the way");
      }
      return loaded();
    } catch (ProblemException e) {
      failure = e;
      throw e;
    } catch (IOException e) {
      failure = PostgreSqlProblems.of(source, e);
      throw failure;
    }
  }

  private boolean loaded() throws IOException {
    VectorSchemaRoot root = getVectorSchemaRoot();
    // What was exported has its own hold on its buffers; the next batch gets others.
    root.clear();
    List<FieldVector> vectors = root.getFieldVectors();
    if (!begun) {
      begin();
    }
    int row = 0;
    while (!ended && row < BATCH_ROWS) {
      int count = in.readShort();
      if (count < 0) {
        ended = true;
        // The end of the statement, with what the server may still say about it.
        require(in.read() < 0);
        break;
      }
      require(count == fields.size());
      for (int f = 0; f < count; f++) {
        read(fields.get(f), vectors.get(f), row);
      }
      row++;
    }
    root.setRowCount(row);
    return row > 0;
  }

  private void begin() throws IOException {
    byte[] signature = new byte[SIGNATURE.length];
    in.readFully(signature);
    require(Arrays.equals(signature, SIGNATURE));
    require(in.readInt() == 0);
    in.skipNBytes(in.readInt());
    begun = true;
  }

  private void read(Field field, FieldVector vector, int row) throws IOException {
    int length = in.readInt();
    if (length < 0) {
      vector.setNull(row);
      return;
    }
    bytes += length;
    switch (field.form) {
      case TEXT -> {
        if (length > TEXT_BYTES_MAX) {
          throw new ProblemException(
              ErrorCode.TOO_LARGE,
              at(field),
              "texts of at most " + TEXT_BYTES_MAX + " bytes",
              "more");
        }
        if (length > text.length) {
          text = new byte[Math.max(length, 2 * text.length)];
        }
        in.readFully(text, 0, length);
        ((VarCharVector) vector).setSafe(row, text, 0, length);
      }
      case WHOLE -> {
        require(length == Long.BYTES);
        ((BigIntVector) vector).setSafe(row, in.readLong());
      }
      case EXACT -> ((DecimalVector) vector).setSafe(row, millionths(field, length));
      case FLOATING -> {
        require(length == Double.BYTES);
        ((Float8Vector) vector).setSafe(row, in.readDouble());
      }
      case DAY, DAY_IN_UTC -> {
        require(length == Integer.BYTES);
        int day = in.readInt();
        if (day == Integer.MAX_VALUE || day == Integer.MIN_VALUE) {
          throw wrong(field);
        }
        ((DateDayVector) vector).setSafe(row, day + EPOCH_DAYS);
      }
      case TRUTH -> {
        require(length == 1);
        ((BitVector) vector).setSafe(row, in.readByte());
      }
    }
  }

  /**
   * A numeric in millionths, to which the server has rounded it: digits to the base of 10,000, the
   * first of which counts for 10,000 to the power of the weight.
   */
  private long millionths(Field field, int length) throws IOException {
    int digits = in.readShort();
    int weight = in.readShort();
    int sign = in.readUnsignedShort();
    in.readShort();
    require(digits >= 0 && length == 8 + 2 * digits);
    long sum = 0;
    for (int i = 0; i < digits; i++) {
      long digit = in.readShort();
      int power = weight - i;
      if (digit != 0 && power > 2) {
        throw wrong(field);
      }
      sum +=
          switch (power) {
            case 2 -> digit * 100_000_000 * MILLION;
            case 1 -> digit * 10_000 * MILLION;
            case 0 -> digit * MILLION;
            case -1 -> digit * 100;
            case -2 -> digit / 100;
            default -> 0;
          };
    }
    if (sum >= BELOW || (sign != 0 && sign != 0x4000)) {
      throw wrong(field);
    }
    return sign == 0 ? sum : -sum;
  }

  private ProblemException wrong(Field field) {
    return new ProblemException(
        ErrorCode.WRONG_TYPE,
        at(field),
        "values of type " + field.form.type,
        "a value of another type");
  }

  private String at(Field field) {
    return ReadProblems.name(source) + ", column " + field.name;
  }

  private static void require(boolean holds) throws IOException {
    if (!holds) {
      throw new IOException("not the COPY format");
    }
  }

  @Override
  public long bytesRead() {
    return bytes;
  }

  @Override
  protected void closeReadSource() throws IOException {
    if (!ended) {
      // Closing would read on to the end.
      try {
        copy.cancelCopy();
      } catch (java.sql.SQLException e) {
        // The statement is over either way, and its connection is closed next.
      }
    }
  }
}

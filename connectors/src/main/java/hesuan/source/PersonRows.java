package hesuan.source;

import hesuan.ids.IdNormaliser;
import hesuan.wire.ErrorCode;
import hesuan.wire.IdRule;
import hesuan.wire.ProblemException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.jspecify.annotations.Nullable;

/**
 * Rows of people, each with a group, a day and a value, as flat arrays: row i is of person {@code
 * person(i)} of {@link #people}. Rows without a usable id, or without the day that was asked for,
 * are left out.
 */
public final class PersonRows implements AutoCloseable {
  private static final int BATCH_ROWS = 16_384;

  /** Rows that a step may hold at once. */
  public static final int ROWS_MAX = 1 << 24;

  /** What is read beside the id; a column that is null is 0 in every row. */
  public record Columns(
      @Nullable String group,
      List<String> groups,
      @Nullable String day,
      @Nullable String value,
      long lower,
      long upper) {
    public Columns {
      groups = List.copyOf(groups);
    }
  }

  private final IdSet people;
  private final int[] person;
  private final int[] group;
  private final int[] day;
  private final long[] value;
  private final int size;

  private PersonRows(Reader read) {
    people = read.people.build();
    person = read.person;
    group = read.group;
    day = read.day;
    value = read.value;
    size = read.size;
  }

  /** Reads every row of a relation. */
  public static PersonRows read(
      Connection connection, Rows rows, String idColumn, IdRule rule, Columns columns) {
    Reader reader = new Reader(new IdNormaliser(rule));
    String sql = rows.sql(selection(idColumn, columns));
    try {
      SourceReader.forEachBatch(connection, sql, BATCH_ROWS, reader::addAll);
    } catch (SQLException e) {
      throw ReadProblems.of(rows.relation(), e);
    }
    return new PersonRows(reader);
  }

  private static String selection(String idColumn, Columns columns) {
    String group = columns.group == null ? "0" : IdColumn.groupIndex(columns.group, columns.groups);
    String day =
        columns.day == null
            ? "0"
            : "CAST(datediff('day', DATE '1970-01-01', CAST(%s AS DATE)) AS INTEGER)"
                .formatted(Sql.name(columns.day));
    String value =
        columns.value == null
            ? "CAST(0 AS BIGINT)"
            : "greatest(least(coalesce(CAST(%s AS BIGINT), 0), %d), %d)"
                .formatted(Sql.name(columns.value), columns.upper, columns.lower);
    return "CAST(%s AS VARCHAR), CAST(%s AS INTEGER), CAST(%s AS INTEGER), CAST(%s AS BIGINT)"
        .formatted(Sql.name(idColumn), group, day, value);
  }

  private static final class Reader {
    private final IdSet.Builder people = new IdSet.Builder();
    private final IdText text = new IdText();
    private final IdNormaliser normaliser;
    private int[] person = new int[1 << 12];
    private int[] group = new int[1 << 12];
    private int[] day = new int[1 << 12];
    private long[] value = new long[1 << 12];
    private int size;

    Reader(IdNormaliser normaliser) {
      this.normaliser = normaliser;
    }

    void addAll(VectorSchemaRoot batch) {
      VarCharVector ids = (VarCharVector) batch.getVector(0);
      IntVector groups = (IntVector) batch.getVector(1);
      IntVector days = (IntVector) batch.getVector(2);
      BigIntVector values = (BigIntVector) batch.getVector(3);
      for (int row = 0; row < batch.getRowCount(); row++) {
        switch (text.accept(normaliser, ids, row)) {
          case NORMALISED -> {
            if (!days.isNull(row)) {
              add(groups.get(row), days.get(row), values.get(row));
            }
          }
          case EMPTY -> people.addEmpty();
          case MALFORMED -> people.addMalformed();
        }
      }
    }

    private void add(int ofGroup, int onDay, long ofValue) {
      if (size == ROWS_MAX) {
        throw new ProblemException(
            ErrorCode.LIMIT_EXCEEDED, "rows", "at most " + ROWS_MAX + " rows with an id", "more");
      }
      if (size == person.length) {
        int wider = Math.min(ROWS_MAX, 2 * size);
        person = Arrays.copyOf(person, wider);
        group = Arrays.copyOf(group, wider);
        day = Arrays.copyOf(day, wider);
        value = Arrays.copyOf(value, wider);
      }
      person[size] = people.add(normaliser.bytes(), normaliser.length(), ofGroup);
      group[size] = ofGroup;
      day[size] = onDay;
      value[size] = ofValue;
      size++;
    }
  }

  public IdSet people() {
    return people;
  }

  public int size() {
    return size;
  }

  public int person(int row) {
    return person[row];
  }

  /** The place in the list of groups, or {@link IdSet#NO_GROUP}. */
  public int group(int row) {
    return group[row];
  }

  /** Days since 1970. */
  public int day(int row) {
    return day[row];
  }

  /** Clamped to the bounds. */
  public long value(int row) {
    return value[row];
  }

  @Override
  public void close() {
    people.close();
  }
}

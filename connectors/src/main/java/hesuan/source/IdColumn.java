package hesuan.source;

import hesuan.ids.IdNormaliser;
import hesuan.wire.ErrorCode;
import hesuan.wire.IdRule;
import hesuan.wire.ProblemException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;

/** The people of a part: its id column, normalised and each once. */
public final class IdColumn {
  private static final int BATCH_ROWS = 32_768;

  private IdColumn() {}

  /**
   * Reads every row of {@code part}.
   *
   * @param group a column whose values sort people into groups
   * @param groups the public values that count; a person with another value is in no group
   */
  public static IdSet read(
      Connection connection,
      String idColumn,
      IdRule rule,
      Optional<String> group,
      List<String> groups) {
    return read(connection, Rows.ALL, idColumn, rule, group, groups);
  }

  /** Reads the rows asked for; refuses where no usable id is among them. */
  public static IdSet read(
      Connection connection,
      Rows rows,
      String idColumn,
      IdRule rule,
      Optional<String> group,
      List<String> groups) {
    IdSet ids = readAny(connection, rows, idColumn, rule, group, groups);
    if (ids.size() == 0) {
      throw new ProblemException(
          ErrorCode.SOURCE_EMPTY,
          "column " + idColumn,
          "at least one id by rule " + rule.text(),
          "%d rows: %d empty, %d malformed"
              .formatted(ids.quality().rows(), ids.quality().empty(), ids.quality().malformed()));
    }
    return ids;
  }

  static IdSet readAny(
      Connection connection,
      Rows rows,
      String idColumn,
      IdRule rule,
      Optional<String> group,
      List<String> groups) {
    IdSet.Builder builder = new IdSet.Builder();
    IdNormaliser normaliser = new IdNormaliser(rule);
    IdText text = new IdText();
    String selection =
        "CAST("
            + Sql.name(idColumn)
            + " AS VARCHAR)"
            + group.map(column -> ", " + groupIndex(column, groups)).orElse("");
    try {
      SourceReader.forEachBatch(
          connection,
          rows.sql(selection),
          BATCH_ROWS,
          batch -> addAll(builder, batch, normaliser, text));
    } catch (SQLException e) {
      throw ReadProblems.of(rows.relation(), e);
    }
    return builder.build();
  }

  private static void addAll(
      IdSet.Builder builder, VectorSchemaRoot batch, IdNormaliser normaliser, IdText text) {
    VarCharVector ids = (VarCharVector) batch.getVector(0);
    IntVector groups = batch.getFieldVectors().size() > 1 ? (IntVector) batch.getVector(1) : null;
    for (int row = 0; row < batch.getRowCount(); row++) {
      switch (text.accept(normaliser, ids, row)) {
        case NORMALISED ->
            builder.add(
                normaliser.bytes(),
                normaliser.length(),
                groups == null ? IdSet.NO_GROUP : groups.get(row));
        case EMPTY -> builder.addEmpty();
        case MALFORMED -> builder.addMalformed();
      }
    }
  }

  /** The group's place in the list, found by DuckDB so that no text of it is made here. */
  static String groupIndex(String column, List<String> groups) {
    String list = groups.stream().map(Sql::text).collect(Collectors.joining(", "));
    return "CAST(coalesce(list_position(CAST([%s] AS VARCHAR[]), CAST(%s AS VARCHAR)), 0) - 1 AS INTEGER)"
        .formatted(list, Sql.name(column));
  }
}

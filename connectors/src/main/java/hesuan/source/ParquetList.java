package hesuan.source;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/** A list of texts under one name, from a CSV file that the agent wrote to a Parquet file. */
public final class ParquetList {
  private static final int MEMORY_MEGABYTES = 128;

  private ParquetList() {}

  /** Overwrites the target; a half-written one stays behind where it fails. */
  public static void write(Path csv, String column, Path parquet) {
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement()) {
      statement.execute("SET memory_limit = '" + MEMORY_MEGABYTES + "MB'");
      statement.execute("SET threads = 1");
      statement.execute(
          """
          COPY (SELECT * FROM read_csv(%s, auto_detect = false, header = true, delim = ',',
            quote = '"', escape = '"', columns = {%s: 'VARCHAR'}))
          TO %s (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"""
              .formatted(Sql.text(csv.toString()), Sql.text(column), Sql.text(parquet.toString())));
    } catch (SQLException e) {
      throw new ProblemException(
          ErrorCode.ENVIRONMENT,
          "results",
          "a folder in which the agent may write, with room",
          "no Parquet file could be written");
    }
  }
}

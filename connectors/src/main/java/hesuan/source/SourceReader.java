package hesuan.source;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import hesuan.wire.Product.Column;
import hesuan.wire.Product.ColumnType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBResultSet;
import org.jspecify.annotations.Nullable;

/**
 * One source opened for one job: an in-memory DuckDB in which the view {@code part} shows the
 * source with the product's columns and types, and which can open no other file, load no extension
 * and change no setting. A value that is not of its column's type fails the query as {@code
 * WRONG_TYPE}; it is never dropped, and nothing but a decimal's seventh place is rounded.
 *
 * <p>Several threads may each use a {@link #connection} at the same time.
 */
public final class SourceReader implements AutoCloseable {
  /** The view over the source. */
  public static final String PART = "part";

  /**
   * Decimals keep six places and are then exact, so that a sum does not depend on the order of its
   * addends. (Wider ones are read from text a hundred times slower.)
   */
  private static final String DECIMAL = "DECIMAL(18,6)";

  private static final String ATTACHED = "source";

  /** The table that holds the rows of a source that DuckDB does not read itself. */
  private static final String COPIED = "copied";

  private final Source source;
  private final ReadLimits limits;
  private final DuckDBConnection root;
  private final Path spill;
  private final @Nullable Stamp stamp;
  private final String relation;
  private final Map<String, String> sourceColumns;
  private final List<Column> schema;
  private final List<String> leftOut;

  private SourceReader(
      Source source,
      ReadLimits limits,
      DuckDBConnection root,
      Path spill,
      @Nullable Stamp stamp,
      String relation,
      Map<String, String> sourceColumns,
      List<Column> schema,
      List<String> leftOut) {
    this.source = source;
    this.limits = limits;
    this.root = root;
    this.spill = spill;
    this.stamp = stamp;
    this.relation = relation;
    this.sourceColumns = sourceColumns;
    this.schema = List.copyOf(schema);
    this.leftOut = List.copyOf(leftOut);
  }

  /** Opens whatever the source has. The columns of a CSV are text, as nobody has said otherwise. */
  public static SourceReader open(Source source, ReadLimits limits) {
    return open(source, Optional.empty(), limits);
  }

  /** Opens exactly these columns, as the product types them. */
  public static SourceReader open(Source source, List<Column> columns, ReadLimits limits) {
    return open(source, Optional.of(columns), limits);
  }

  private static SourceReader open(Source source, Optional<List<Column>> asked, ReadLimits limits) {
    Stamp stamp = null;
    if (source instanceof Source.File file) {
      stamp = Stamp.ofFile(file);
      FileHeads.check(file);
    }
    Path spill = spillDirectory(limits);
    DuckDBConnection root = null;
    try {
      root = start();
      limit(root, limits, spill);
      List<String> leftOut = new ArrayList<>();
      String relation = relation(root, source, asked, leftOut);
      Map<String, String> found = describe(root, relation);
      List<Column> schema = asked.orElseGet(() -> inferred(source, found, leftOut));
      execute(root, view(source, relation, schema, found));
      lock(root, source);
      return new SourceReader(source, limits, root, spill, stamp, relation, found, schema, leftOut);
    } catch (SQLException e) {
      closeAll(root, spill);
      throw ReadProblems.of(source, e);
    } catch (RuntimeException e) {
      closeAll(root, spill);
      throw e;
    }
  }

  public Source source() {
    return source;
  }

  public ReadLimits limits() {
    return limits;
  }

  /** The columns of {@code part}. */
  public List<Column> schema() {
    return schema;
  }

  /** Columns of the source that no product can carry: their type, or their name, has no place. */
  public List<String> leftOut() {
    return leftOut;
  }

  /** The source as DuckDB names it, with its own columns, and their DuckDB types. */
  String relation() {
    return relation;
  }

  Map<String, String> sourceColumns() {
    return sourceColumns;
  }

  /** A connection of the caller's own, to close; it sees {@code part} and is locked down alike. */
  public Connection connection() {
    try {
      return root.duplicate();
    } catch (SQLException e) {
      throw ReadProblems.of(source, e);
    }
  }

  /**
   * Streams columns of {@code part} in batches of at most {@code batchRows} rows, in an order that
   * is the source's own. The root and its buffers are the reader's: nothing of a batch may be kept.
   *
   * @param where a predicate that has passed the sandbox's allow-list, or null
   */
  public void forEachBatch(
      List<String> columns, @Nullable String where, Consumer<VectorSchemaRoot> consumer) {
    for (String column : columns) {
      require(column);
    }
    String selection = columns.stream().map(Sql::name).collect(Collectors.joining(", "));
    try (Connection connection = connection()) {
      Rows rows = where == null ? Rows.ALL : Rows.where(where);
      forEachBatch(connection, rows.sql(selection), limits.batchRows(), consumer);
    } catch (SQLException e) {
      throw ReadProblems.of(source, e);
    }
  }

  /**
   * Streams any query's result over a connection; memory stays at some batches. A thread that is
   * interrupted stops between two of them.
   */
  static void forEachBatch(
      Connection connection, String sql, int batchRows, Consumer<VectorSchemaRoot> consumer)
      throws SQLException {
    try (BufferAllocator allocator = new RootAllocator();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql);
        ArrowReader reader =
            (ArrowReader)
                result.unwrap(DuckDBResultSet.class).arrowExportStream(allocator, batchRows)) {
      while (reader.loadNextBatch()) {
        if (Thread.currentThread().isInterrupted()) {
          throw new ProblemException(
              ErrorCode.CANCELLED, "reading", "all rows", "interrupted on the way");
        }
        consumer.accept(reader.getVectorSchemaRoot());
      }
    } catch (IOException e) {
      // The stream reports DuckDB's errors in this shape; its text is sorted like the others.
      throw new SQLException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Refuses a column that {@code part} has not. */
  public Column require(String column) {
    return schema.stream()
        .filter(c -> c.name().equals(column))
        .findFirst()
        .orElseThrow(() -> unknownColumn(source, column, names(schema)));
  }

  /**
   * Refuses when the file has been written since it was opened. To call after reading, too. Of a
   * table of PostgreSQL the rows of one moment are held here, which nobody else can write.
   */
  public void requireUntouched() {
    if (source instanceof Source.File file && !Stamp.ofFile(file).equals(stamp)) {
      throw new ProblemException(
          ErrorCode.SOURCE_CHANGED,
          ReadProblems.name(source),
          "the file as it was opened",
          "written since");
    }
  }

  @Override
  public void close() {
    closeAll(root, spill);
  }

  private static DuckDBConnection start() throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("jdbc_stream_results", "true");
    return (DuckDBConnection) DriverManager.getConnection("jdbc:duckdb:", properties);
  }

  private static void limit(Connection root, ReadLimits limits, Path spill) throws SQLException {
    execute(root, "SET memory_limit = '" + limits.memoryMegabytes() + "MB'");
    execute(root, "SET threads = " + limits.threads());
    boolean spills = limits.spillMegabytes() > 0;
    // With a directory of no size DuckDB still makes a file; without a directory it makes none.
    execute(root, "SET temp_directory = " + Sql.text(spills ? spill.toString() : ""));
    if (spills) {
      execute(root, "SET max_temp_directory_size = '" + limits.spillMegabytes() + "MB'");
    }
    execute(root, "SET autoinstall_known_extensions = false");
    execute(root, "SET autoload_known_extensions = false");
    execute(root, "SET allow_community_extensions = false");
  }

  /** From here on the one file is all that this DuckDB can open, and no setting moves. */
  private static void lock(Connection root, Source source) throws SQLException {
    switch (source) {
      case Source.Csv csv -> allow(root, csv);
      case Source.Parquet parquet -> allow(root, parquet);
      case Source.DuckDb _ -> {} // attached already; the path need not be opened again
      case Source.PostgreSql _ -> {} // copied already
    }
    execute(root, "SET enable_external_access = false");
    execute(root, "SET lock_configuration = true");
  }

  private static void allow(Connection root, Source.File source) throws SQLException {
    execute(root, "SET allowed_paths = [" + path(source) + "]");
  }

  private static String path(Source.File source) {
    return Sql.text(source.path().toString());
  }

  private static String relation(
      DuckDBConnection root, Source source, Optional<List<Column>> asked, List<String> leftOut)
      throws SQLException {
    return switch (source) {
      case Source.Csv csv ->
          "read_csv(%s, auto_detect = false, header = true, delim = %s, quote = %s, escape = %s, nullstr = %s, strict_mode = true, compression = 'none', max_line_size = 1048576, columns = {%s})"
              .formatted(
                  path(csv),
                  Sql.text("" + csv.delimiter()),
                  Sql.text("" + csv.quote()),
                  Sql.text("" + csv.quote()),
                  Sql.text(csv.nullText()),
                  FileHeads.csvHeader(csv).stream()
                      .map(name -> Sql.text(name) + ": 'VARCHAR'")
                      .collect(Collectors.joining(", ")));
      case Source.Parquet parquet -> "read_parquet(" + path(parquet) + ")";
      case Source.DuckDb duckDb -> {
        execute(root, "ATTACH " + path(duckDb) + " AS " + ATTACHED + " (READ_ONLY)");
        requireTable(root, duckDb);
        yield ATTACHED + "." + Sql.name(duckDb.schemaName()) + "." + Sql.name(duckDb.tableName());
      }
      case Source.PostgreSql table -> {
        leftOut.addAll(PostgreSqlTable.copy(table, asked, root, COPIED));
        yield COPIED;
      }
    };
  }

  private static void requireTable(Connection root, Source.DuckDb source) throws SQLException {
    List<String> tables = new ArrayList<>();
    try (Statement statement = root.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT table_schema, table_name FROM information_schema.tables"
                    + " WHERE table_catalog = '"
                    + ATTACHED
                    + "' ORDER BY ALL")) {
      while (rows.next()) {
        tables.add(rows.getString(1) + "." + rows.getString(2));
      }
    }
    String asked = source.schemaName() + "." + source.tableName();
    if (tables.stream().noneMatch(asked::equalsIgnoreCase)) {
      throw new ProblemException(
          ErrorCode.SOURCE_UNREADABLE,
          ReadProblems.name(source),
          "a table named " + asked,
          tables.isEmpty() ? "no table" : String.join(", ", tables));
    }
  }

  /** The source's own columns and DuckDB types, in its own order. */
  private static Map<String, String> describe(Connection root, String relation)
      throws SQLException {
    Map<String, String> columns = new LinkedHashMap<>();
    try (Statement statement = root.createStatement();
        ResultSet rows = statement.executeQuery("DESCRIBE SELECT * FROM " + relation)) {
      while (rows.next()) {
        columns.put(rows.getString(1), rows.getString(2));
      }
    }
    return columns;
  }

  private static List<Column> inferred(
      Source source, Map<String, String> found, List<String> leftOut) {
    Map<String, String> renamed = new TreeMap<>();
    source.columns().forEach((product, own) -> renamed.put(own, product));
    List<Column> schema = new ArrayList<>();
    found.forEach(
        (own, type) -> {
          String name = renamed.getOrDefault(own, own);
          Optional<ColumnType> productType = productType(type);
          if (productType.isPresent() && isProductName(name)) {
            schema.add(new Column(name, productType.get()));
          } else {
            leftOut.add(own);
          }
        });
    if (schema.isEmpty()) {
      throw noColumn(source, found.keySet());
    }
    return schema;
  }

  static boolean isProductName(String name) {
    return name.matches("[A-Za-z_][A-Za-z0-9_]{0,62}");
  }

  static ProblemException noColumn(Source source, Collection<String> found) {
    return new ProblemException(
        ErrorCode.SOURCE_UNREADABLE,
        ReadProblems.name(source),
        "a column named in letters, digits and _ (map others under `columns`)",
        String.join(", ", found));
  }

  private static Optional<ColumnType> productType(String duckDbType) {
    String type = duckDbType.toUpperCase(Locale.ROOT).replaceAll("\\(.*", "");
    return switch (type) {
      case "VARCHAR", "ENUM", "UUID" -> Optional.of(ColumnType.STRING);
      case "TINYINT",
          "SMALLINT",
          "INTEGER",
          "BIGINT",
          "UTINYINT",
          "USMALLINT",
          "UINTEGER",
          "UBIGINT",
          "HUGEINT" ->
          Optional.of(ColumnType.INTEGER);
      case "DECIMAL", "FLOAT", "DOUBLE" -> Optional.of(ColumnType.DECIMAL);
      case "DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS" ->
          Optional.of(ColumnType.DATE);
      case "BOOLEAN" -> Optional.of(ColumnType.BOOLEAN);
      default -> Optional.empty();
    };
  }

  private static String view(
      Source source, String relation, List<Column> schema, Map<String, String> found) {
    List<String> selected = new ArrayList<>();
    for (Column column : schema) {
      String own = source.columns().getOrDefault(column.name(), column.name());
      String type = found.get(own);
      if (type == null) {
        throw unknownColumn(source, own, List.copyOf(found.keySet()));
      }
      selected.add(typed(Sql.name(own), type, column) + " AS " + Sql.name(column.name()));
    }
    return "CREATE VIEW %s AS SELECT %s FROM %s"
        .formatted(PART, String.join(", ", selected), relation);
  }

  /**
   * The column in the product's type; a value that has no place in it is an error, not a null. A
   * day has a year of four digits in every kind of source: DuckDB reckons with others too, but some
   * of its functions fail on the ends of what it can hold, and a query must not end by one row.
   */
  static String typed(String own, String type, Column column) {
    String target = duckDbType(column.type());
    if (type.equalsIgnoreCase(target) && column.type() != ColumnType.DATE) {
      return own;
    }
    if (column.type() == ColumnType.STRING) {
      return "CAST(" + own + " AS VARCHAR)";
    }
    // DuckDB casts '1.5' to 2 and 'yes' to true: what is text must also look like its type.
    String looks =
        type.equalsIgnoreCase("VARCHAR")
            ? " AND regexp_full_match(" + own + ", " + Sql.text(shape(column.type())) + ")"
            : "";
    if (column.type() == ColumnType.INTEGER
        && (type.contains("DEC") || type.contains("DOUBLE") || type.contains("FLOAT"))) {
      looks = " AND " + own + " = trunc(" + own + ")";
    }
    if (column.type() == ColumnType.DATE) {
      looks +=
          " AND TRY_CAST(%s AS DATE) BETWEEN DATE '0000-01-01' AND DATE '9999-12-31'"
              .formatted(own);
    }
    return "CASE WHEN %1$s IS NULL THEN NULL WHEN TRY_CAST(%1$s AS %2$s) IS NOT NULL%3$s THEN TRY_CAST(%1$s AS %2$s) ELSE error(%4$s) END"
        .formatted(
            own,
            target,
            looks,
            Sql.text(ReadProblems.valueMark(column.name(), column.type().name())));
  }

  static String shape(ColumnType type) {
    return switch (type) {
      case STRING -> "(?s).*";
      case INTEGER -> " *[+-]?[0-9]{1,19} *";
      case DECIMAL -> " *[+-]?[0-9]{1,12}([.][0-9]*)?([eE][+-]?[0-9]{1,2})? *";
      case DATE -> " *[0-9]{4}-[0-9]{2}-[0-9]{2} *";
      case BOOLEAN -> " *(?i:true|false) *";
    };
  }

  static String duckDbType(ColumnType type) {
    return switch (type) {
      case STRING -> "VARCHAR";
      case INTEGER -> "BIGINT";
      case DECIMAL -> DECIMAL;
      case DATE -> "DATE";
      case BOOLEAN -> "BOOLEAN";
    };
  }

  private static List<String> names(List<Column> schema) {
    return schema.stream().map(Column::name).toList();
  }

  static ProblemException unknownColumn(Source source, String column, List<String> there) {
    return new ProblemException(
        ErrorCode.UNKNOWN_COLUMN,
        ReadProblems.name(source) + ", column " + column,
        "one of " + String.join(", ", there),
        column);
  }

  private static Path spillDirectory(ReadLimits limits) {
    try {
      Files.createDirectories(limits.spillDirectory());
      return Files.createTempDirectory(limits.spillDirectory(), "duckdb-");
    } catch (IOException e) {
      throw new ProblemException(
          ErrorCode.ENVIRONMENT,
          "spill directory",
          "a directory in which the agent may write",
          e.getClass().getSimpleName());
    }
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Spilled rows must not outlive the job, so the directory goes with the connection. */
  private static void closeAll(@Nullable Connection root, Path spill) {
    try {
      if (root != null) {
        root.close();
      }
    } catch (SQLException e) {
      throw new IllegalStateException("DuckDB does not close", e);
    } finally {
      try (Stream<Path> left = Files.exists(spill) ? Files.walk(spill) : Stream.empty()) {
        for (Path each : left.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(each);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}

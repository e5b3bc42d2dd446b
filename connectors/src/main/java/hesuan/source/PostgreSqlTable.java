package hesuan.source;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import hesuan.wire.Product.Column;
import hesuan.wire.Product.ColumnType;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.arrow.c.ArrowArrayStream;
import org.apache.arrow.c.Data;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.duckdb.DuckDBConnection;
import org.postgresql.Driver;
import org.postgresql.PGConnection;
import org.postgresql.copy.PGCopyInputStream;

/**
 * One look at a table of PostgreSQL: a read-only transaction in one snapshot, whose rows go, by the
 * columns asked for, into a table of the embedded DuckDB. Whoever compares the fingerprint of that
 * copy has compared the very rows that are then used; what is written in PostgreSQL meanwhile
 * belongs to another snapshot.
 */
final class PostgreSqlTable implements AutoCloseable {
  private static final int CONNECT_SECONDS = 10;

  /**
   * A statement that was started is cancelled by the server; this ends one whose server is gone.
   */
  private static final int SOCKET_GRACE_SECONDS = 30;

  private final Source.PostgreSql source;
  private final Connection connection;
  private final Relation relation;

  /**
   * @param kind PostgreSQL's {@code relkind}
   */
  private record Relation(long id, String kind) {}

  /**
   * A column as the server has it.
   *
   * @param type in PostgreSQL's words
   */
  private record Held(String name, String type, Optional<WireForm> form, boolean readable) {}

  /** How the values of a column come over the wire, and what they become. */
  enum WireForm {
    TEXT(ColumnType.STRING, "%s::pg_catalog.text"),
    WHOLE(ColumnType.INTEGER, "%s::pg_catalog.int8"),
    EXACT(ColumnType.DECIMAL, "pg_catalog.round(%s::pg_catalog.numeric, 6)"),
    FLOATING(ColumnType.DECIMAL, "%s::pg_catalog.float8"),
    DAY(ColumnType.DATE, "%s::pg_catalog.date"),
    DAY_IN_UTC(ColumnType.DATE, "(%s AT TIME ZONE 'UTC')::pg_catalog.date"),
    TRUTH(ColumnType.BOOLEAN, "%s::pg_catalog.bool");

    /** A whole number of as many digits is one of 64 bits. */
    private static final int WHOLE_DIGITS_MAX = 18;

    final ColumnType type;
    private final String selection;

    WireForm(ColumnType type, String selection) {
      this.type = type;
      this.selection = selection;
    }

    /**
     * @param kind {@code typtype}
     * @param modifier of a numeric: its digits and places, if it has any
     */
    static Optional<WireForm> of(String name, String kind, boolean builtIn, int modifier) {
      if (kind.equals("e")) {
        return Optional.of(TEXT);
      }
      if (!builtIn) {
        return Optional.empty();
      }
      return switch (name) {
        case "text", "varchar", "bpchar", "name", "uuid" -> Optional.of(TEXT);
        case "int2", "int4", "int8" -> Optional.of(WHOLE);
        case "numeric" -> {
          int digits = (modifier - 4) >>> 16;
          int places = (modifier - 4) & 0x7ff;
          boolean isWhole = modifier >= 4 && places == 0 && digits <= WHOLE_DIGITS_MAX;
          yield Optional.of(isWhole ? WHOLE : EXACT);
        }
        case "float4", "float8" -> Optional.of(FLOATING);
        case "date", "timestamp" -> Optional.of(DAY);
        case "timestamptz" -> Optional.of(DAY_IN_UTC);
        case "bool" -> Optional.of(TRUTH);
        default -> Optional.empty();
      };
    }
  }

  private PostgreSqlTable(Source.PostgreSql source, Connection connection, Relation relation) {
    this.source = source;
    this.connection = connection;
    this.relation = relation;
  }

  private static PostgreSqlTable open(Source.PostgreSql source) {
    try {
      Connection connection = connect(source);
      try {
        begin(connection, source);
        return new PostgreSqlTable(source, connection, find(connection, source));
      } catch (SQLException | RuntimeException e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      throw PostgreSqlProblems.of(source, e);
    }
  }

  /** Empty for what has no rows of its own. */
  static Optional<Stamp> stamp(Source.PostgreSql source) {
    try (PostgreSqlTable table = open(source)) {
      if (!List.of("r", "m").contains(table.relation.kind)) {
        return Optional.empty();
      }
      try (PreparedStatement ask =
          table.connection.prepareStatement(
              """
              SELECT coalesce(pg_relation_filenode(r), 0), coalesce(pg_relation_size(r), 0),
                     pg_stat_get_tuples_inserted(r), pg_stat_get_tuples_updated(r),
                     pg_stat_get_tuples_deleted(r)
              FROM (SELECT ?::pg_catalog.oid) AS t(r)""")) {
        ask.setLong(1, table.relation.id);
        try (ResultSet row = ask.executeQuery()) {
          row.next();
          return Optional.of(
              new Stamp.OfTable(
                  table.relation.id,
                  row.getLong(1),
                  row.getLong(2),
                  row.getLong(3),
                  row.getLong(4),
                  row.getLong(5)));
        }
      }
    } catch (SQLException e) {
      throw PostgreSqlProblems.of(source, e);
    }
  }

  /**
   * Copies the columns asked for, or all that a product can carry, into a new table of DuckDB under
   * their own names and with the product's types.
   *
   * @return columns that were left out, by their own name
   */
  static List<String> copy(
      Source.PostgreSql source, Optional<List<Column>> asked, DuckDBConnection root, String into)
      throws SQLException {
    try (PostgreSqlTable table = open(source)) {
      List<String> leftOut = new ArrayList<>();
      List<Held> held = table.columns();
      List<Held> chosen =
          asked.isPresent()
              ? asked.get().stream().map(column -> table.require(column, held)).toList()
              : table.usable(held, leftOut);
      table.stream(chosen, root, into);
      return leftOut;
    }
  }

  /** Bytes of the same copy, of all columns that a product can carry, read and forgotten. */
  static long drain(Source.PostgreSql source) {
    try (PostgreSqlTable table = open(source);
        PGCopyInputStream bytes =
            table.copied(table.copying(table.usable(table.columns(), new ArrayList<>())))) {
      byte[] chunk = new byte[1 << 16];
      long all = 0;
      for (int n = bytes.read(chunk); n >= 0; n = bytes.read(chunk)) {
        all += n;
      }
      return all;
    } catch (SQLException e) {
      throw PostgreSqlProblems.of(source, e);
    } catch (IOException e) {
      throw PostgreSqlProblems.of(source, e);
    }
  }

  // ---- the session

  private static Connection connect(Source.PostgreSql source) throws SQLException {
    PostgreSqlServer server = source.server();
    Properties properties = new Properties();
    properties.setProperty("user", source.user());
    properties.setProperty("password", source.password().read());
    properties.setProperty("ApplicationName", "hesuan");
    properties.setProperty("sslmode", source.tls().word());
    if (source.rootCertificate() != null) {
      properties.setProperty("sslrootcert", source.rootCertificate().toString());
    } else if (source.tls().verifies()) {
      properties.setProperty("sslfactory", "org.postgresql.ssl.DefaultJavaSSLFactory");
    }
    properties.setProperty("gssEncMode", "disable");
    properties.setProperty("connectTimeout", "" + CONNECT_SECONDS);
    properties.setProperty("socketTimeout", "" + (source.timeoutSeconds() + SOCKET_GRACE_SECONDS));
    properties.setProperty("tcpKeepAlive", "true");
    // Details quote values.
    properties.setProperty("logServerErrorDetail", "false");
    String host = server.host().contains(":") ? "[" + server.host() + "]" : server.host();
    Connection connection =
        new Driver()
            .connect(
                "jdbc:postgresql://%s:%d/%s"
                    .formatted(
                        host,
                        server.port(),
                        URLEncoder.encode(server.database(), StandardCharsets.UTF_8)),
                properties);
    return java.util.Objects.requireNonNull(connection);
  }

  /** Nothing is written, every statement sees one snapshot, and names mean the server's own. */
  private static void begin(Connection connection, Source.PostgreSql source) throws SQLException {
    connection.setReadOnly(true);
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    connection.setAutoCommit(false);
    long millis = source.timeoutSeconds() * 1000L;
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET LOCAL search_path = pg_catalog");
      statement.execute("SET LOCAL statement_timeout = " + millis);
      statement.execute("SET LOCAL lock_timeout = " + millis);
    }
    try (Statement statement = connection.createStatement();
        ResultSet encoding = statement.executeQuery("SHOW server_encoding")) {
      encoding.next();
      if (encoding.getString(1).equals("SQL_ASCII")) {
        throw new ProblemException(
            ErrorCode.SOURCE_ENCODING,
            ReadProblems.name(source),
            "a database that knows its encoding",
            "SQL_ASCII");
      }
    }
  }

  private static Relation find(Connection connection, Source.PostgreSql source)
      throws SQLException {
    try (PreparedStatement ask =
        connection.prepareStatement(
            """
            SELECT c.oid, c.relkind, has_schema_privilege(n.oid, 'USAGE')
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ? AND c.relname = ? AND c.relkind IN ('r', 'p', 'v', 'm', 'f')""")) {
      ask.setString(1, source.schemaName());
      ask.setString(2, source.tableName());
      try (ResultSet row = ask.executeQuery()) {
        if (!row.next()) {
          throw new ProblemException(
              ErrorCode.SOURCE_UNREADABLE,
              ReadProblems.name(source),
              "a table or view of this name",
              "none there");
        }
        if (!row.getBoolean(3)) {
          throw noRight(source, "USAGE of the schema");
        }
        return new Relation(row.getLong(1), row.getString(2));
      }
    }
  }

  // ---- columns

  private List<Held> columns() throws SQLException {
    List<Held> columns = new ArrayList<>();
    // A domain is read as the type under it.
    try (PreparedStatement ask =
        connection.prepareStatement(
            """
            WITH RECURSIVE own AS (
              SELECT attnum, attname, format_type(atttypid, atttypmod) AS words,
                     has_column_privilege(attrelid, attnum, 'SELECT') AS readable,
                     atttypid AS type, atttypmod AS modifier
              FROM pg_attribute WHERE attrelid = ? AND attnum > 0 AND NOT attisdropped
              UNION ALL
              SELECT own.attnum, own.attname, own.words, own.readable, t.typbasetype, t.typtypmod
              FROM own JOIN pg_type t ON t.oid = own.type WHERE t.typtype = 'd')
            SELECT own.attname, own.words, own.readable, t.typname, t.typtype,
                   t.typnamespace = 'pg_catalog'::regnamespace, own.modifier
            FROM own JOIN pg_type t ON t.oid = own.type WHERE t.typtype <> 'd'
            ORDER BY own.attnum""")) {
      ask.setLong(1, relation.id);
      try (ResultSet row = ask.executeQuery()) {
        while (row.next()) {
          columns.add(
              new Held(
                  row.getString(1),
                  row.getString(2),
                  WireForm.of(row.getString(4), row.getString(5), row.getBoolean(6), row.getInt(7)),
                  row.getBoolean(3)));
        }
      }
    }
    if (columns.stream().noneMatch(Held::readable)) {
      throw noRight(source, "SELECT");
    }
    return columns;
  }

  private Held require(Column column, List<Held> held) {
    String own = source.columns().getOrDefault(column.name(), column.name());
    Held found =
        held.stream()
            .filter(each -> each.name.equals(own))
            .findFirst()
            .orElseThrow(
                () ->
                    SourceReader.unknownColumn(
                        source, own, held.stream().map(Held::name).toList()));
    WireForm form = requireForm(found);
    if (form.type != column.type()) {
      throw wrongType(found, "a type that is read as " + column.type());
    }
    return found;
  }

  private WireForm requireForm(Held held) {
    if (!held.readable) {
      throw noRight(source, "SELECT of column " + held.name);
    }
    return held.form.orElseThrow(
        () -> wrongType(held, "text, uuid, an enum, a number, a date, a timestamp or a boolean"));
  }

  /** What a product can carry; a column that the configuration names must be among it. */
  private List<Held> usable(List<Held> held, List<String> leftOut) {
    Map<String, String> renamed = new TreeMap<>();
    source.columns().forEach((product, own) -> renamed.put(own, product));
    List<Held> usable = new ArrayList<>();
    for (Held each : held) {
      String name = renamed.getOrDefault(each.name, each.name);
      if (renamed.containsKey(each.name)) {
        requireForm(each);
      }
      if (each.readable && each.form.isPresent() && SourceReader.isProductName(name)) {
        usable.add(each);
      } else {
        leftOut.add(each.name);
      }
    }
    if (usable.isEmpty()) {
      throw SourceReader.noColumn(source, leftOut);
    }
    return usable;
  }

  private ProblemException wrongType(Held held, String expected) {
    return new ProblemException(
        ErrorCode.WRONG_TYPE,
        ReadProblems.name(source) + ", column " + held.name,
        expected,
        held.type);
  }

  private static ProblemException noRight(Source.PostgreSql source, String right) {
    return new ProblemException(
        ErrorCode.SOURCE_REFUSED, ReadProblems.name(source), "the right to " + right, "none");
  }

  // ---- rows

  private String copying(List<Held> columns) {
    return "COPY (SELECT %s FROM %s.%s) TO STDOUT (FORMAT binary)"
        .formatted(
            joined(columns, c -> requireForm(c).selection.formatted(Sql.name(c.name))),
            Sql.name(source.schemaName()),
            Sql.name(source.tableName()));
  }

  private void stream(List<Held> columns, DuckDBConnection root, String into) throws SQLException {
    List<PostgreSqlRows.Field> fields =
        columns.stream()
            .map(c -> new PostgreSqlRows.Field(productName(c.name), requireForm(c)))
            .toList();
    try (BufferAllocator allocator = new RootAllocator();
        PGCopyInputStream bytes = copied(copying(columns));
        PostgreSqlRows rows = new PostgreSqlRows(allocator, source, fields, bytes);
        ArrowArrayStream exported = ArrowArrayStream.allocateNew(allocator)) {
      Data.exportArrayStream(allocator, rows, exported);
      root.registerArrowStream("arriving", exported);
      try (Statement statement = root.createStatement()) {
        statement.execute(
            "CREATE TABLE %s AS SELECT %s FROM arriving"
                .formatted(into, joined(columns, this::typed)));
        statement.execute("DROP VIEW arriving");
      } catch (SQLException e) {
        // What stopped the rows on their way says more than that they stopped.
        throw rows.failure().orElseThrow(() -> ReadProblems.of(source, e));
      }
    } catch (IOException e) {
      throw PostgreSqlProblems.of(source, e);
    }
  }

  private PGCopyInputStream copied(String sql) {
    try {
      return new PGCopyInputStream(connection.unwrap(PGConnection.class), sql);
    } catch (SQLException e) {
      throw PostgreSqlProblems.of(source, e);
    }
  }

  private String typed(Held held) {
    Column column = new Column(productName(held.name), requireForm(held).type);
    String own = Sql.name(column.name());
    String arrived =
        requireForm(held) == WireForm.FLOATING ? "DOUBLE" : SourceReader.duckDbType(column.type());
    return SourceReader.typed(own, arrived, column) + " AS " + Sql.name(held.name);
  }

  private String productName(String own) {
    return source.columns().entrySet().stream()
        .filter(entry -> entry.getValue().equals(own))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(own);
  }

  private static String joined(List<Held> columns, Function<Held, String> text) {
    return columns.stream().map(text).collect(Collectors.joining(", "));
  }

  /** Ends the transaction with the connection; what was still to come is not read. */
  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      // It was only read from, and everything that was read is here or has failed.
    }
  }
}

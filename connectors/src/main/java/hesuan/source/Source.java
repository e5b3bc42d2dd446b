package hesuan.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.ProblemException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Where a product's data lies: one local file, never a pattern, or one table of a PostgreSQL
 * server. It stays in the agent's own configuration and never travels.
 */
public sealed interface Source {
  /** Product column to the source's own column, where the two names differ. */
  Map<String, String> columns();

  /** The word for it in configuration, such as {@code csv}. */
  String kind();

  /** What decides how the same bytes are read: part of the fingerprint, unlike the place. */
  Map<String, Object> reading();

  /** Where it lies and how to get there: what may change without making another version. */
  Map<String, Object> place();

  /** Data in one local file. */
  sealed interface File extends Source {
    Path path();

    @Override
    default Map<String, Object> place() {
      return Map.of("path", path().toString());
    }
  }

  /**
   * A text file in UTF-8 whose first line names the columns.
   *
   * @param quote encloses a field, and is doubled inside one
   * @param nullText the field that stands for "no value"
   */
  record Csv(Path path, char delimiter, char quote, String nullText, Map<String, String> columns)
      implements File {
    public Csv {
      path = checked(path);
      columns = sorted(columns);
      if (delimiter == quote || !isMark(delimiter) || !isMark(quote)) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            "source.delimiter",
            "one printable ASCII character or a tab, not the quote",
            "U+%04X and U+%04X".formatted((int) delimiter, (int) quote));
      }
    }

    public Csv(Path path) {
      this(path, ',', '"', "", Map.of());
    }

    @Override
    public String kind() {
      return "csv";
    }

    @Override
    public Map<String, Object> reading() {
      return Map.of(
          "delimiter",
          "" + delimiter,
          "quote",
          "" + quote,
          "nullText",
          nullText,
          "columns",
          columns);
    }

    private static boolean isMark(char c) {
      return c == '\t' || (c > ' ' && c < 127 && !Character.isLetterOrDigit(c));
    }
  }

  record Parquet(Path path, Map<String, String> columns) implements File {
    public Parquet {
      path = checked(path);
      columns = sorted(columns);
    }

    public Parquet(Path path) {
      this(path, Map.of());
    }

    @Override
    public String kind() {
      return "parquet";
    }

    @Override
    public Map<String, Object> reading() {
      return Map.of("columns", columns);
    }
  }

  /**
   * @param table {@code table}, or {@code schema.table}
   */
  record DuckDb(Path path, String table, Map<String, String> columns) implements File {
    public DuckDb {
      path = checked(path);
      columns = sorted(columns);
      requireTableName(table);
    }

    public DuckDb(Path path, String table) {
      this(path, table, Map.of());
    }

    @Override
    public String kind() {
      return "duckdb";
    }

    @Override
    public Map<String, Object> reading() {
      return Map.of("table", table, "columns", columns);
    }

    String schemaName() {
      int dot = table.indexOf('.');
      return dot < 0 ? "main" : table.substring(0, dot);
    }

    String tableName() {
      return table.substring(table.indexOf('.') + 1);
    }
  }

  /**
   * A table or view of a PostgreSQL server, read as one user who needs no right but to select.
   *
   * @param table {@code table}, or {@code schema.table}
   * @param rootCertificate of the authority that signed the server's; null for those that Java
   *     trusts
   * @param timeoutSeconds for which one statement may run
   */
  record PostgreSql(
      PostgreSqlServer server,
      String table,
      String user,
      Password password,
      PostgreSqlServer.Tls tls,
      @Nullable Path rootCertificate,
      int timeoutSeconds,
      Map<String, String> columns)
      implements Source {
    private static final int TIMEOUT_SECONDS_MAX = 24 * 3600;

    public PostgreSql {
      columns = sorted(columns);
      requireTableName(table);
      if (user.isBlank() || user.length() > 63) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE, "source.user", "a name of 1 to 63 letters", "another text");
      }
      if (timeoutSeconds < 1 || timeoutSeconds > TIMEOUT_SECONDS_MAX) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            "source.timeoutSeconds",
            "1 to " + TIMEOUT_SECONDS_MAX,
            "" + timeoutSeconds);
      }
    }

    @Override
    public String kind() {
      return "postgresql";
    }

    @Override
    public Map<String, Object> reading() {
      return Map.of("table", schemaName() + "." + tableName(), "columns", columns);
    }

    @Override
    public Map<String, Object> place() {
      Map<String, Object> place = new TreeMap<>();
      place.put("host", server.host());
      place.put("port", server.port());
      place.put("database", server.database());
      place.put("user", user);
      place.put("sslmode", tls.word());
      place.put("timeoutSeconds", timeoutSeconds);
      password.document().forEach(place::put);
      if (rootCertificate != null) {
        place.put("rootCertificate", rootCertificate.toString());
      }
      return place;
    }

    String schemaName() {
      int dot = table.indexOf('.');
      return dot < 0 ? "public" : table.substring(0, dot);
    }

    String tableName() {
      return table.substring(table.indexOf('.') + 1);
    }
  }

  /** Reads the configuration, as it comes from JSON or YAML; a relative path starts at the base. */
  static Source of(Map<String, ?> document, Path base) {
    return of(Json.node(document), base);
  }

  static Source of(JsonNode document, Path base) {
    if (!(document instanceof ObjectNode object)) {
      throw new ProblemException(
          ErrorCode.WRONG_TYPE, "source", "an object", document.getNodeType().name());
    }
    JsonNode kind = object.path("kind");
    ObjectNode fields = object.deepCopy();
    fields.remove("kind");
    return switch (kind.asText("")) {
      case "csv" -> Json.read(fields, CsvDocument.class).source(base);
      case "parquet" -> Json.read(fields, ParquetDocument.class).source(base);
      case "duckdb" -> Json.read(fields, DuckDbDocument.class).source(base);
      case "postgresql" -> postgreSql(fields, base);
      default ->
          throw new ProblemException(
              kind.isMissingNode() ? ErrorCode.MISSING_FIELD : ErrorCode.INVALID_VALUE,
              "source.kind",
              "csv, parquet, duckdb or postgresql",
              kind.isMissingNode() ? "nothing" : kind.asText());
    };
  }

  /** What {@link #of(Map, Path)} reads back. */
  default Map<String, Object> document() {
    Map<String, Object> document = new TreeMap<>(reading());
    document.putAll(place());
    document.put("kind", kind());
    return document;
  }

  private static Source postgreSql(ObjectNode fields, Path base) {
    if (fields.has("password")) {
      throw new ProblemException(
          ErrorCode.UNKNOWN_FIELD,
          "source.password",
          "passwordFile or passwordVariable: what is configured is stored and shown",
          "a password in clear");
    }
    return Json.read(fields, PostgreSqlDocument.class).source(base);
  }

  private static void requireTableName(String table) {
    if (!table.matches("[^.\\p{Cntrl}]{1,100}(\\.[^.\\p{Cntrl}]{1,100})?")) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "source.table", "table or schema.table", table);
    }
  }

  private static Path checked(Path path) {
    Path whole = path.toAbsolutePath().normalize();
    Predicate<String> isPattern = text -> text.chars().anyMatch(c -> "*?[]{}".indexOf(c) >= 0);
    if (isPattern.test(whole.toString())) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "source.path",
          "the path of one file, without * ? [ ] { }",
          String.valueOf(whole.getFileName()));
    }
    return whole;
  }

  private static Map<String, String> sorted(Map<String, String> columns) {
    return Collections.unmodifiableMap(new TreeMap<>(columns));
  }

  private static Path resolve(Path base, String path) {
    try {
      if (!path.isBlank()) {
        return base.resolve(path);
      }
    } catch (InvalidPathException e) {
      // told below, like a blank path
    }
    throw new ProblemException(ErrorCode.INVALID_VALUE, "source.path", "a file's path", path);
  }

  private static Map<String, String> orNone(@Nullable Map<String, String> columns) {
    return columns == null ? Map.of() : columns;
  }

  private static char mark(@Nullable String text, char otherwise, String at) {
    if (text == null) {
      return otherwise;
    }
    if (text.length() != 1) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "source." + at, "one character", text.length() + " characters");
    }
    return text.charAt(0);
  }

  /** As people write it. */
  record CsvDocument(
      String path,
      @Nullable String delimiter,
      @Nullable String quote,
      @Nullable String nullText,
      @Nullable Map<String, String> columns) {
    Csv source(Path base) {
      return new Csv(
          resolve(base, path),
          mark(delimiter, ',', "delimiter"),
          mark(quote, '"', "quote"),
          nullText == null ? "" : nullText,
          orNone(columns));
    }
  }

  /** As people write it. */
  record ParquetDocument(String path, @Nullable Map<String, String> columns) {
    Parquet source(Path base) {
      return new Parquet(resolve(base, path), orNone(columns));
    }
  }

  /** As people write it. */
  record DuckDbDocument(String path, String table, @Nullable Map<String, String> columns) {
    DuckDb source(Path base) {
      return new DuckDb(resolve(base, path), table, orNone(columns));
    }
  }

  /** As people write it. */
  record PostgreSqlDocument(
      @Nullable String url,
      @Nullable String host,
      @Nullable Integer port,
      @Nullable String database,
      String table,
      String user,
      @Nullable String passwordFile,
      @Nullable String passwordVariable,
      @Nullable String sslmode,
      @Nullable String rootCertificate,
      @Nullable Integer timeoutSeconds,
      @Nullable Map<String, String> columns) {
    private static final int TIMEOUT_SECONDS = 600;

    PostgreSql source(Path base) {
      PostgreSqlServer server = server();
      return new PostgreSql(
          server,
          table,
          user,
          Password.of(
              passwordFile == null ? null : resolve(base, passwordFile).normalize(),
              passwordVariable),
          PostgreSqlServer.Tls.of(sslmode, server),
          rootCertificate == null ? null : resolve(base, rootCertificate).normalize(),
          timeoutSeconds == null ? TIMEOUT_SECONDS : timeoutSeconds,
          orNone(columns));
    }

    private PostgreSqlServer server() {
      if (url != null) {
        if (host != null || port != null || database != null) {
          throw new ProblemException(
              ErrorCode.INVALID_VALUE, "source.url", "url, or host, port and database", "both");
        }
        return PostgreSqlServer.of(url);
      }
      if (host == null || database == null) {
        throw new ProblemException(
            ErrorCode.MISSING_FIELD, "source", "host and database, or url", "not both of them");
      }
      return new PostgreSqlServer(host, port == null ? PostgreSqlServer.PORT : port, database);
    }
  }
}

package hesuan.agent.data;

import hesuan.group.Workers;
import hesuan.ids.IdNormaliser;
import hesuan.source.IdColumn;
import hesuan.source.IdSet;
import hesuan.source.NumericTable;
import hesuan.source.PeopleItems;
import hesuan.source.PersonRows;
import hesuan.source.ReadLimits;
import hesuan.source.Rows;
import hesuan.source.Source;
import hesuan.source.SourceReader;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import hesuan.wire.SecretBytes;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one product version, opened for one step: those that the party's own filter lets
 * through, in a DuckDB that can open nothing else. The view {@link #VISIBLE} shows them.
 */
public final class OwnRows implements AutoCloseable {
  public static final String VISIBLE = "visible";

  /** The people in the rows: {@code raw} identifier as it stands there, {@code unit} for whom. */
  public static final String PERSON = "person";

  /** Of 16 bytes and more each, so that they take less than half of what DuckDB has by default. */
  private static final long VALUES_KEPT_MAX = 6_000_000;

  private final Product product;
  private final SourceReader reader;
  private final DuckDBConnection connection;

  private OwnRows(Product product, SourceReader reader, DuckDBConnection connection) {
    this.product = product;
    this.reader = reader;
    this.connection = connection;
  }

  static OwnRows open(
      Product product, Source source, @Nullable String rowFilter, ReadLimits limits) {
    return of(product, SourceReader.open(source, product.columns(), limits), rowFilter);
  }

  /** The reader is this object's to close, whatever happens. */
  static OwnRows of(Product product, SourceReader reader, @Nullable String rowFilter) {
    try {
      DuckDBConnection connection = (DuckDBConnection) reader.connection();
      try (Statement statement = connection.createStatement()) {
        statement.execute(
            "CREATE VIEW %s AS SELECT * FROM %s WHERE (%s)"
                .formatted(VISIBLE, SourceReader.PART, rowFilter == null ? "TRUE" : rowFilter));
      }
      return new OwnRows(product, reader, connection);
    } catch (SQLException e) {
      reader.close();
      throw problem(product, e);
    }
  }

  public Product product() {
    return product;
  }

  /**
   * To call before more than one query goes over the rows: a CSV is then parsed once, and what is
   * asked of it lies in DuckDB's memory, if it fits.
   *
   * @param text of the queries; a column is asked for if its name stands anywhere in it
   */
  public void keep(String text) throws SQLException {
    String id = product.id().column();
    List<String> asked =
        product.columns().stream()
            .map(Product.Column::name)
            .filter(name -> name.equals(id) || text.contains(name))
            .map(name -> '"' + name + '"')
            .toList();
    boolean fits = product.rows() * asked.size() <= VALUES_KEPT_MAX;
    if (!(reader.source() instanceof Source.Csv) || !fits) {
      return;
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE kept AS SELECT %s FROM %s".formatted(String.join(", ", asked), VISIBLE));
      statement.execute("CREATE OR REPLACE VIEW " + VISIBLE + " AS SELECT * FROM kept");
    }
  }

  public Connection connection() {
    return connection;
  }

  /** Normalised, distinct identifiers, each with the index of its group or -1. */
  public IdSet ids(@Nullable String by, List<String> groups) {
    return IdColumn.read(
        connection,
        new Rows(VISIBLE, null),
        product.id().column(),
        product.id().rule(),
        Optional.ofNullable(by),
        groups);
  }

  /**
   * The same people, as an intersection takes them; they outlive these rows.
   *
   * @param keepsIds whether their identifiers are needed again
   */
  public PeopleItems items(Digest session, boolean keepsIds, Workers workers) {
    return PeopleItems.read(
        connection,
        new Rows(VISIBLE, null),
        product.id().column(),
        product.id().rule(),
        session,
        keepsIds,
        PeopleItems.Limits.of(reader.limits()),
        workers);
  }

  /** Rows with a usable id, each with the columns asked for. */
  public PersonRows people(PersonRows.Columns columns) {
    return PersonRows.read(
        connection, new Rows(VISIBLE, null), product.id().column(), product.id().rule(), columns);
  }

  public NumericTable numbers(List<String> features, String label) {
    return NumericTable.read(
        connection,
        new Rows(VISIBLE, null),
        product.id().column(),
        product.id().rule(),
        features,
        label);
  }

  /**
   * Makes the table {@link #PERSON}: two spellings of one identifier are one unit; what is no
   * identifier is nobody, and its rows count nowhere.
   *
   * @param secret keys the numbers, so that an order by them cannot be steered from outside
   */
  public void findPeople(SecretBytes secret) throws SQLException {
    byte[] key = secret.exposeCopy();
    IdNormaliser normaliser = new IdNormaliser(product.id().rule());
    MessageDigest sha256 = Digest.sha256();
    // A result is streamed, and another statement on its connection would end it: hence two.
    try (Connection reading = reader.connection();
        Statement making = connection.createStatement();
        Statement asking = reading.createStatement()) {
      making.execute("CREATE TEMP TABLE " + PERSON + " (raw VARCHAR, unit BIGINT)");
      try (ResultSet raws =
              asking.executeQuery(
                  "SELECT DISTINCT CAST(\"%s\" AS VARCHAR) FROM %s"
                      .formatted(product.id().column().replace("\"", "\"\""), VISIBLE));
          DuckDBAppender appender = connection.createAppender("temp", "main", PERSON)) {
        while (raws.next()) {
          String raw = raws.getString(1);
          if (normaliser.accept(raw) == IdNormaliser.Verdict.NORMALISED) {
            sha256.update(key);
            sha256.update(normaliser.bytes(), 0, normaliser.length());
            appender.beginRow();
            appender.append(raw);
            appender.append(ByteBuffer.wrap(sha256.digest()).getLong());
            appender.endRow();
          }
        }
      }
    } finally {
      java.util.Arrays.fill(key, (byte) 0);
    }
  }

  static ProblemException problem(Product product, SQLException e) {
    String text = String.valueOf(e.getMessage());
    return new ProblemException(
        text.contains("INTERRUPT") ? ErrorCode.LIMIT_EXCEEDED : ErrorCode.SOURCE_UNREADABLE,
        product.ref().toString(),
        "rows of the published shape",
        "a failed read; the agent's log has the details");
  }

  /** Also says whether somebody wrote the file meanwhile. */
  public void requireUntouched() {
    reader.requireUntouched();
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new IllegalStateException("DuckDB does not close", e);
    } finally {
      reader.close();
    }
  }
}

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
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
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

  /** Tables of a copy: its rows, and the identifiers as they stand in them. */
  private static final String HELD = "held";

  private static final String RAWS = "raws";

  /** Of a person, in both. */
  private static final String NUMBER = "\"@number\"";

  private final Product product;
  private final SourceReader reader;
  private final HeldRows held;
  private DuckDBConnection connection;
  private HeldRows.@Nullable Copy copy;

  private OwnRows(
      Product product, SourceReader reader, HeldRows held, DuckDBConnection connection) {
    this.product = product;
    this.reader = reader;
    this.held = held;
    this.connection = connection;
  }

  static OwnRows open(
      Product product,
      Source source,
      @Nullable String rowFilter,
      ReadLimits limits,
      HeldRows held) {
    return of(product, SourceReader.open(source, product.columns(), limits), rowFilter, held);
  }

  /**
   * The reader is this object's to close, whatever happens.
   *
   * @param held copies of rows of this version, which has this filter
   */
  static OwnRows of(
      Product product, SourceReader reader, @Nullable String rowFilter, HeldRows held) {
    try {
      DuckDBConnection connection = (DuckDBConnection) reader.connection();
      execute(
          connection,
          "CREATE VIEW %s AS SELECT * FROM %s WHERE (%s)"
              .formatted(VISIBLE, SourceReader.PART, rowFilter == null ? "TRUE" : rowFilter));
      return new OwnRows(product, reader, held, connection);
    } catch (SQLException e) {
      reader.close();
      throw problem(product, e);
    }
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  public Product product() {
    return product;
  }

  /**
   * To call first where queries about people go over the rows: a CSV is then parsed once, for this
   * and for later jobs, and what is asked of it lies in DuckDB's memory, if it fits. Rows without
   * an identifier are left out.
   *
   * @param text of the queries; a column is asked for if its name stands anywhere in it
   */
  public void keep(String text) throws SQLException {
    if (!(reader.source() instanceof Source.Csv)) {
      return;
    }
    Set<String> asked =
        product.columns().stream()
            .map(Product.Column::name)
            .filter(text::contains)
            .collect(Collectors.toSet());
    HeldRows.Copy taken =
        held.take(product.ref(), product.rows(), asked, this::parsed).orElse(null);
    if (taken != null) {
      copy = taken;
      connection.close();
      connection = (DuckDBConnection) taken.reader.connection();
      execute(
          connection,
          "CREATE OR REPLACE TEMP VIEW %s AS SELECT * FROM %s".formatted(VISIBLE, HELD));
    }
  }

  private HeldRows.Copy parsed(Set<String> columns, long values) throws SQLException {
    String id = quoted(product.id().column());
    StringBuilder selected = new StringBuilder();
    columns.forEach(name -> selected.append(", ").append(quoted(name)));
    execute(
        connection,
        "CREATE TEMP TABLE parsed AS SELECT CAST(%s AS VARCHAR) AS \"@raw\"%s FROM %s"
            .formatted(id, selected, VISIBLE));
    reader.requireUntouched();
    execute(
        connection,
        "CREATE TABLE %s AS SELECT CAST(row_number() OVER () - 1 AS INTEGER) AS %s, raw FROM (SELECT DISTINCT \"@raw\" AS raw FROM parsed WHERE \"@raw\" IS NOT NULL)"
            .formatted(RAWS, NUMBER));
    execute(
        connection,
        "CREATE TABLE %s AS SELECT %s.%s%s FROM parsed JOIN %s ON \"@raw\" = raw"
            .formatted(HELD, RAWS, NUMBER, selected, RAWS));
    execute(connection, "DROP TABLE parsed");
    PersonIds.Builder people = new PersonIds.Builder(product.id().rule());
    try (Statement statement = connection.createStatement();
        ResultSet raws =
            statement.executeQuery("SELECT raw FROM %s ORDER BY %s".formatted(RAWS, NUMBER))) {
      while (raws.next()) {
        people.add(raws.getString(1));
      }
    }
    return new HeldRows.Copy(reader, columns, people.build(), values);
  }

  private static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
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
    try (PersonIds.Units units = new PersonIds.Units(secret)) {
      if (copy == null) {
        findPeople(units);
      } else {
        findPeople(copy.people, units);
      }
    }
  }

  private void findPeople(PersonIds.Units units) throws SQLException {
    IdNormaliser normaliser = new IdNormaliser(product.id().rule());
    execute(connection, "CREATE TEMP TABLE " + PERSON + " (raw VARCHAR, unit BIGINT)");
    // A result is streamed, and another statement on its connection would end it: hence two.
    try (Connection reading = reader.connection();
        Statement asking = reading.createStatement();
        ResultSet raws =
            asking.executeQuery(
                "SELECT DISTINCT CAST(%s AS VARCHAR) FROM %s"
                    .formatted(quoted(product.id().column()), VISIBLE));
        DuckDBAppender appender = connection.createAppender("temp", "main", PERSON)) {
      while (raws.next()) {
        String raw = raws.getString(1);
        if (normaliser.accept(raw) == IdNormaliser.Verdict.NORMALISED) {
          appender.beginRow();
          appender.append(raw);
          appender.append(units.of(normaliser.bytes(), 0, normaliser.length()));
          appender.endRow();
        }
      }
    }
  }

  /** Rows find their people by number, which is quicker than by text. */
  private void findPeople(PersonIds people, PersonIds.Units units) throws SQLException {
    execute(connection, "CREATE TEMP TABLE units (%s INTEGER, unit BIGINT)".formatted(NUMBER));
    try (DuckDBAppender appender = connection.createAppender("temp", "main", "units")) {
      people.forEach(units, (number, unit) -> append(appender, number, unit));
    }
    execute(
        connection,
        "CREATE TEMP VIEW %s AS SELECT raw, unit FROM %s JOIN units USING (%s)"
            .formatted(PERSON, RAWS, NUMBER));
    execute(
        connection,
        "CREATE TEMP VIEW \"@part\" AS SELECT units.unit AS \"@unit\", %1$s.* FROM %1$s JOIN units USING (%2$s)"
            .formatted(HELD, NUMBER));
  }

  private static void append(DuckDBAppender appender, int number, long unit) {
    try {
      appender.beginRow();
      appender.append(number);
      appender.append(unit);
      appender.endRow();
    } catch (SQLException e) {
      throw new IllegalStateException("DuckDB takes no row", e);
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
      if (copy != null) {
        held.release(copy);
      }
      if (copy == null || !copy.reader.equals(reader)) {
        reader.close();
      }
    }
  }
}

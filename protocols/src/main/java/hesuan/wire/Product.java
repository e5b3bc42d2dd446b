package hesuan.wire;

import java.time.LocalDate;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One version of a data product as its owner publishes it: schema, how people are identified, what
 * may be disclosed to whom, terms, and the fingerprint of the exact data. It names no path and
 * holds no row. Published inside an envelope of {@link #PAYLOAD_TYPE} that the owner signed.
 *
 * @param rows rounded up to two significant digits: a size class, not a count
 */
public record Product(
    String apiVersion,
    ProductRef ref,
    String title,
    List<Column> columns,
    Id id,
    List<DisclosureRule> rules,
    Terms terms,
    Digest fingerprint,
    long rows) {

  public static final String VERSION = "hesuan/v1";
  public static final String PAYLOAD_TYPE = "application/vnd.hesuan.product+json";

  public enum ColumnType {
    STRING,
    INTEGER,
    DECIMAL,
    DATE,
    BOOLEAN
  }

  public record Column(String name, ColumnType type) {
    private static final java.util.regex.Pattern SHAPE =
        java.util.regex.Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,62}");

    public Column {
      Names.check(SHAPE, "column", name);
    }
  }

  /** The column that identifies a person, and the agreed normalisation. */
  public record Id(String column, IdRule rule) {}

  /**
   * The owner's word on one column.
   *
   * @param column a column's name, or {@code *} for every column without a rule of its own
   * @param receivers party ids, or {@code *} for whoever the contract names
   * @param purposes purpose codes (a code covers those below it), or {@code *}
   * @param until last day on which the rule grants anything
   */
  public record DisclosureRule(
      String column,
      Disclosure level,
      List<String> receivers,
      List<String> purposes,
      LocalDate until) {
    public DisclosureRule {
      receivers = List.copyOf(receivers);
      purposes = List.copyOf(purposes);
    }
  }

  /**
   * @param minGroup smallest group about which anything may be released
   * @param maxEpsilon most that one job may spend on this product
   */
  public record Terms(int minGroup, Epsilon maxEpsilon) {}

  public Product {
    columns = List.copyOf(columns);
    rules = List.copyOf(rules);
    if (!apiVersion.equals(VERSION)) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "apiVersion", VERSION, apiVersion);
    }
    Set<String> names = new HashSet<>();
    for (Column column : columns) {
      if (!names.add(column.name())) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE, "columns", "each name once", column.name());
      }
    }
    if (!names.contains(id.column())) {
      throw new ProblemException(
          ErrorCode.UNKNOWN_COLUMN, "id.column", "one of " + names, id.column());
    }
    for (DisclosureRule rule : rules) {
      if (!rule.column().equals("*") && !names.contains(rule.column())) {
        throw new ProblemException(
            ErrorCode.UNKNOWN_COLUMN, "rules", "one of " + names, rule.column());
      }
    }
  }

  public Optional<Column> column(String name) {
    return columns.stream().filter(c -> c.name().equals(name)).findFirst();
  }
}

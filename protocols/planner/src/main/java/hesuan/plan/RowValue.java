package hesuan.plan;

import hesuan.wire.Product.ColumnType;
import java.math.BigInteger;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * An expression over one row, compiled: DuckDB text that gives a value or NULL for every row,
 * whatever is in it.
 *
 * @param most no absolute value of a number is larger: sizes are proved here, never found on data
 * @param floating it is computed as a double: a sum of such would hang on the order of rows
 * @param columns of the owners' product that it is made of
 * @param values all that it can be, where that is public; else null
 * @param unit it is the privacy unit itself
 * @param day of a DATE, the column and the unit to which it is truncated; else null
 */
record RowValue(
    String sql,
    ColumnType type,
    BigInteger most,
    boolean floating,
    Set<String> columns,
    @Nullable List<String> values,
    boolean unit,
    @Nullable Day day) {
  /** A BIGINT column reaches to minus 2^63. */
  static final BigInteger INTEGER_MOST = BigInteger.ONE.shiftLeft(63);

  /** DECIMAL(18,6): twelve digits before the point. */
  static final BigInteger DECIMAL_MOST = BigInteger.TEN.pow(12);

  record Day(String column, DateUnit unit) {}

  RowValue {
    columns = Set.copyOf(columns);
    values = values == null ? null : List.copyOf(values);
  }

  static RowValue of(String sql, ColumnType type, Set<String> columns) {
    BigInteger most =
        switch (type) {
          case INTEGER -> INTEGER_MOST;
          case DECIMAL -> DECIMAL_MOST;
          case STRING, DATE, BOOLEAN -> BigInteger.ZERO;
        };
    return new RowValue(sql, type, most, false, columns, null, false, null);
  }

  RowValue withMost(BigInteger bound) {
    return new RowValue(sql, type, bound, floating, columns, values, unit, day);
  }

  /** Computed by {@link #real}, if it is a decimal. */
  RowValue computed() {
    return new RowValue(sql, type, most, type == ColumnType.DECIMAL, columns, values, unit, day);
  }

  RowValue withValues(@Nullable List<String> all) {
    return new RowValue(sql, type, most, floating, columns, all, unit, day);
  }

  RowValue asUnit() {
    return new RowValue(sql, type, most, floating, columns, values, true, day);
  }

  RowValue withDay(Day of) {
    return new RowValue(sql, type, most, floating, columns, values, unit, of);
  }

  /** The same value, given a name by a sub-query. */
  RowValue named(String name) {
    Day named = type == ColumnType.DATE ? new Day(name, DateUnit.DAY) : null;
    return new RowValue(SqlText.name(name), type, most, floating, columns, values, unit, named);
  }

  boolean isNumber() {
    return type == ColumnType.INTEGER || type == ColumnType.DECIMAL;
  }

  /** For arithmetic: integers wide enough for what {@link #most} allows, decimals as doubles. */
  String wide() {
    return type == ColumnType.INTEGER ? "CAST(%s AS HUGEINT)".formatted(sql) : real();
  }

  String real() {
    return "CAST(%s AS DOUBLE)".formatted(sql);
  }

  static Set<String> columnsOf(List<RowValue> values) {
    Set<String> all = new TreeSet<>();
    values.forEach(v -> all.addAll(v.columns));
    return all;
  }
}

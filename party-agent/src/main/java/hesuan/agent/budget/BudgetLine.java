package hesuan.agent.budget;

import hesuan.agent.budget.BudgetEvent.Key;
import hesuan.store.Transaction;
import hesuan.wire.Epsilon;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How one product stands.
 *
 * @param limit for the product's life; zero allows nothing
 * @param rate at most in any {@code rateDays} in a row; without meaning where those are 0
 * @param recent reserved and charged in the last {@code rateDays}
 */
public record BudgetLine(
    String asset,
    String unit,
    Epsilon limit,
    Epsilon rate,
    int rateDays,
    Epsilon reserved,
    Epsilon charged,
    Epsilon recent) {
  private static final String COLUMNS =
      "asset, unit, limit_micros, rate_micros, rate_days, reserved_micros, charged_micros";

  /** Of the lifetime's allowance. */
  public Epsilon left() {
    return new Epsilon(Math.max(0, limit.micros() - reserved.micros() - charged.micros()));
  }

  /** What a job could have now. */
  public Epsilon leftNow() {
    return rateDays == 0
        ? left()
        : new Epsilon(Math.max(0, Math.min(left().micros(), rate.micros() - recent.micros())));
  }

  Key key() {
    return new Key(asset, unit);
  }

  /** Of a product that nobody has allowed anything. */
  static BudgetLine none(Key key) {
    return new BudgetLine(
        key.asset(),
        key.unit(),
        Epsilon.ZERO,
        Epsilon.ZERO,
        0,
        Epsilon.ZERO,
        Epsilon.ZERO,
        Epsilon.ZERO);
  }

  static List<BudgetLine> all(Transaction t, long nowSeconds) throws SQLException {
    List<BudgetLine> stored =
        t.query("SELECT " + COLUMNS + " FROM budget_line ORDER BY asset, unit", BudgetLine::of);
    List<BudgetLine> lines = new ArrayList<>();
    for (BudgetLine line : stored) {
      lines.add(line.withRecent(t, nowSeconds));
    }
    return List.copyOf(lines);
  }

  static Optional<BudgetLine> find(Transaction t, Key key, long nowSeconds) throws SQLException {
    Optional<BudgetLine> stored =
        t.one(
            "SELECT " + COLUMNS + " FROM budget_line WHERE asset = ? AND unit = ?",
            BudgetLine::of,
            key.asset(),
            key.unit());
    return stored.isEmpty() ? stored : Optional.of(stored.get().withRecent(t, nowSeconds));
  }

  private static BudgetLine of(ResultSet row) throws SQLException {
    return new BudgetLine(
        row.getString(1),
        row.getString(2),
        new Epsilon(row.getLong(3)),
        new Epsilon(row.getLong(4)),
        row.getInt(5),
        new Epsilon(row.getLong(6)),
        new Epsilon(row.getLong(7)),
        Epsilon.ZERO);
  }

  private BudgetLine withRecent(Transaction t, long nowSeconds) throws SQLException {
    if (rateDays == 0) {
      return this;
    }
    long micros =
        t.one(
                """
                SELECT coalesce(sum(micros), 0) FROM budget_spending
                WHERE asset = ? AND unit = ? AND at_seconds > ? AND state <> 'freed'""",
                row -> row.getLong(1),
                asset,
                unit,
                nowSeconds - Duration.ofDays(rateDays).toSeconds())
            .orElse(0L);
    return new BudgetLine(
        asset, unit, limit, rate, rateDays, reserved, charged, new Epsilon(micros));
  }
}

package hesuan.agent.budget;

import hesuan.agent.budget.BudgetEvent.Amount;
import hesuan.agent.budget.BudgetEvent.Key;
import hesuan.dp.account.Loss;
import hesuan.dp.account.LossSum;
import hesuan.dp.account.PrivacyFilter;
import hesuan.store.Transaction;
import hesuan.wire.Chance;
import hesuan.wire.Epsilon;
import hesuan.wire.Rho;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How one product stands.
 *
 * @param filter what it allows for the product's life; a limit of zero allows nothing
 * @param rate at most in any {@code rateDays} in a row; without meaning where those are 0
 * @param reservedSum of what is set aside
 * @param chargedSum of what is spent for ever
 * @param recentMicros epsilons reserved and charged in the last {@code rateDays}, added up
 */
public record BudgetLine(
    String asset,
    String unit,
    PrivacyFilter filter,
    Epsilon rate,
    int rateDays,
    LossSum reservedSum,
    LossSum chargedSum,
    long recentMicros) {
  /** As {@link #sum} reads them. */
  private static final String SUMS =
      """
      reserved_micros, reserved_delta_attos, reserved_rho_picos, reserved_outside_attos,
      charged_micros, charged_delta_attos, charged_rho_picos, charged_outside_attos""";

  private static final String COLUMNS =
      "asset, unit, limit_micros, delta_attos, rho_most_picos, rate_micros, rate_days, " + SUMS;

  public Epsilon limit() {
    return filter.limit();
  }

  /** Reserved and charged. */
  public LossSum all() {
    return reservedSum.plus(chargedSum);
  }

  /** The least epsilon that holds for what is charged. */
  public Epsilon charged() {
    return filter.spent(chargedSum);
  }

  /** By how much more what is reserved would make it. */
  public Epsilon reserved() {
    return new Epsilon(filter.spent(all()).micros() - charged().micros());
  }

  /** The largest epsilon of one more job without a delta, whatever the rate. */
  public Epsilon left() {
    return filter.left(all());
  }

  /** The same for a job of today. */
  public Epsilon leftNow() {
    return rateDays == 0
        ? left()
        : new Epsilon(Math.max(0, Math.min(left().micros(), rate.micros() - recentMicros)));
  }

  /** Whether the rate lets a job of so much go ahead now. */
  boolean isInPace(Epsilon epsilon) {
    return rateDays == 0
        || epsilon.micros() == 0
        || epsilon.micros() <= rate.micros() - recentMicros;
  }

  /** Whatever else may be spent, by either way of counting. */
  Amount everythingLeft() {
    LossSum all = all();
    long failing = filter.delta() == null ? 0 : filter.failingAttosMost();
    return new Amount(
        key(),
        new Loss(
            new Epsilon(Math.max(0, limit().micros() - all.epsilonMicros())),
            new Chance(Math.max(0, failing - all.deltaAttos())),
            new Rho(Math.max(0, filter.rhoMost().picos() - all.rhoPicos())),
            new Chance(Math.max(0, failing - all.outsideAttos()))));
  }

  Key key() {
    return new Key(asset, unit);
  }

  /** Of a product that nobody has allowed anything. */
  static BudgetLine none(Key key) {
    return new BudgetLine(
        key.asset(),
        key.unit(),
        PrivacyFilter.of(Epsilon.ZERO, null),
        Epsilon.ZERO,
        0,
        LossSum.ZERO,
        LossSum.ZERO,
        0);
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
    long delta = row.getLong(4);
    boolean said = !row.wasNull();
    return new BudgetLine(
        row.getString(1),
        row.getString(2),
        new PrivacyFilter(
            new Epsilon(row.getLong(3)), said ? new Chance(delta) : null, new Rho(row.getLong(5))),
        new Epsilon(row.getLong(6)),
        row.getInt(7),
        sum(row, 8),
        sum(row, 12),
        0);
  }

  private static LossSum sum(ResultSet row, int from) throws SQLException {
    return new LossSum(
        row.getLong(from), row.getLong(from + 1), row.getLong(from + 2), row.getLong(from + 3));
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
    return new BudgetLine(asset, unit, filter, rate, rateDays, reservedSum, chargedSum, micros);
  }
}

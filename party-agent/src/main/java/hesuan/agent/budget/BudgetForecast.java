package hesuan.agent.budget;

import hesuan.store.Transaction;
import hesuan.wire.Epsilon;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How far a budget goes, if things go on as in the last days. An estimate for people, never a rule.
 *
 * @param jobs that were charged in these days
 * @param charged by them
 * @param lastJob what the latest charged job cost, or null before the first
 * @param jobsLeft how many more like it fit into what is left of the lifetime's allowance
 * @param endsOn null where nothing was charged in these days
 */
public record BudgetForecast(
    int days,
    int jobs,
    Epsilon charged,
    @Nullable Epsilon lastJob,
    @Nullable Long jobsLeft,
    @Nullable LocalDate endsOn) {

  /** A century from now stands for later. */
  private static final long DAYS_MAX = 36_500;

  private record Charge(long micros, long atSeconds) {}

  /**
   * @param days looked back upon
   * @param shape what one more job would cost; null: as much as the latest
   */
  static BudgetForecast of(
      Transaction t, BudgetLine line, int days, @Nullable Epsilon shape, long nowSeconds)
      throws SQLException {
    List<Charge> all =
        t.query(
            """
            SELECT micros, at_seconds FROM budget_spending
            WHERE asset = ? AND unit = ? AND state = 'charged' AND micros > 0
            ORDER BY at_seconds, rowid""",
            row -> new Charge(row.getLong(1), row.getLong(2)),
            line.asset(),
            line.unit());
    long since = nowSeconds - Duration.ofDays(days).toSeconds();
    List<Charge> recent = all.stream().filter(c -> c.atSeconds > since).toList();
    long charged = recent.stream().mapToLong(Charge::micros).sum();
    Epsilon last = shape != null ? shape : all.isEmpty() ? null : new Epsilon(all.getLast().micros);
    return new BudgetForecast(
        days,
        recent.size(),
        new Epsilon(charged),
        last,
        last == null || last.micros() == 0 ? null : line.left().micros() / last.micros(),
        charged == 0 ? null : endsOn(line.left(), charged, days, nowSeconds));
  }

  private static LocalDate endsOn(Epsilon left, long charged, int days, long nowSeconds) {
    long more = Math.min(DAYS_MAX, left.micros() * days / charged);
    return LocalDate.ofInstant(Instant.ofEpochSecond(nowSeconds), ZoneOffset.UTC).plusDays(more);
  }
}

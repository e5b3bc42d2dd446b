package hesuan.agent.budget;

import hesuan.dp.account.Loss;
import hesuan.dp.account.LossSum;
import hesuan.store.Transaction;
import hesuan.wire.Chance;
import hesuan.wire.Epsilon;
import hesuan.wire.Rho;
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
 * @param charged by them, as if by nothing else
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

  private record Charge(Loss loss, long atSeconds) {}

  /**
   * @param days looked back upon
   * @param shape what one more job would cost; null: as much as the latest
   */
  static BudgetForecast of(
      Transaction t, BudgetLine line, int days, @Nullable Loss shape, long nowSeconds)
      throws SQLException {
    List<Charge> all =
        t.query(
            """
            SELECT micros, delta_attos, rho_picos, outside_attos, at_seconds FROM budget_spending
            WHERE asset = ? AND unit = ? AND state = 'charged' AND micros > 0
            ORDER BY at_seconds, rowid""",
            row ->
                new Charge(
                    new Loss(
                        new Epsilon(row.getLong(1)),
                        new Chance(row.getLong(2)),
                        new Rho(row.getLong(3)),
                        new Chance(row.getLong(4))),
                    row.getLong(5)),
            line.asset(),
            line.unit());
    long since = nowSeconds - Duration.ofDays(days).toSeconds();
    List<Charge> recent = all.stream().filter(c -> c.atSeconds > since).toList();
    LossSum charged = LossSum.ZERO;
    for (Charge charge : recent) {
      charged = charged.plus(charge.loss);
    }
    Loss next = shape != null ? shape : all.isEmpty() ? null : all.getLast().loss;
    return new BudgetForecast(
        days,
        recent.size(),
        line.filter().spent(charged),
        next == null ? null : next.epsilon(),
        next == null || next.isZero() ? null : line.filter().more(line.all(), next),
        recent.isEmpty() ? null : endsOn(line, charged, days, nowSeconds));
  }

  private static LocalDate endsOn(BudgetLine line, LossSum charged, int days, long nowSeconds) {
    long more = Math.min(DAYS_MAX, line.filter().days(line.all(), charged, days));
    return LocalDate.ofInstant(Instant.ofEpochSecond(nowSeconds), ZoneOffset.UTC).plusDays(more);
  }
}

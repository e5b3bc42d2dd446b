package hesuan.agent;

import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/**
 * What this party may still let be learned, per product and privacy unit and period. A job's
 * charges are reserved when it is admitted, charged before anything runs, and then never given
 * back: giving back after a failure would tell whoever caused the failure something about the data.
 * Only what was never charged is freed. The coordinator has no say here.
 *
 * <p>All three steps may be repeated for one job and then change nothing.
 */
public final class Budget {
  /**
   * @param limit what one period allows; zero allows nothing
   * @param periodDays length of a period, or 0: one allowance for ever
   */
  public record Line(
      String asset, String unit, Epsilon limit, int periodDays, Epsilon reserved, Epsilon charged) {
    public Epsilon left() {
      return new Epsilon(Math.max(0, limit.micros() - reserved.micros() - charged.micros()));
    }
  }

  private record Allowance(long micros, int periodDays) {}

  private final Store store;
  private final Clock clock;

  public Budget(Store store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  /** Sets what a period allows; what is spent stays spent. The transaction may be retried. */
  public void allow(String asset, String unit, Epsilon limit, int periodDays) {
    store.inTransaction(
        "allow",
        t ->
            t.update(
                """
                INSERT INTO allowance (asset, unit, micros, period_days) VALUES (?, ?, ?, ?)
                ON CONFLICT (asset, unit) DO UPDATE
                SET micros = excluded.micros, period_days = excluded.period_days""",
                asset,
                unit,
                limit.micros(),
                periodDays));
  }

  /**
   * Sets this party's part of the job aside, all or nothing, inside the caller's transaction.
   *
   * @throws ProblemException BUDGET_EXHAUSTED, naming product, asked and left
   */
  public void reserve(Transaction t, JobId job, List<Plan.Charge> charges) throws SQLException {
    for (Plan.Charge charge : charges) {
      reserve(t, job, charge);
    }
  }

  /** Whether the reservation would fail now, and why; nothing is set aside. */
  public void check(JobId job, List<Plan.Charge> charges) {
    for (Plan.Charge charge : charges) {
      store.read(
          "check budget",
          t -> {
            if (!known(t, job, charge)) {
              requireLeft(t, charge);
            }
            return null;
          });
    }
  }

  private void reserve(Transaction t, JobId job, Plan.Charge charge) throws SQLException {
    if (known(t, job, charge)) {
      return;
    }
    long period = requireLeft(t, charge);
    t.update(
        """
        INSERT INTO spending (asset, unit, period, job, micros, state)
        VALUES (?, ?, ?, ?, ?, 'reserved')
        ON CONFLICT (asset, unit, job) DO UPDATE
        SET period = excluded.period, micros = excluded.micros, state = 'reserved'
        WHERE state = 'freed'""",
        charge.product().asset(),
        charge.unit(),
        period,
        job.value(),
        charge.epsilon().micros());
  }

  private static boolean known(Transaction t, JobId job, Plan.Charge charge) throws SQLException {
    return t.one(
            "SELECT 1 FROM spending WHERE asset = ? AND unit = ? AND job = ? AND state <> 'freed'",
            row -> row.getInt(1),
            charge.product().asset(),
            charge.unit(),
            job.value())
        .isPresent();
  }

  /** The current period, if enough is left in it. */
  private long requireLeft(Transaction t, Plan.Charge charge) throws SQLException {
    String asset = charge.product().asset();
    Allowance allowance = allowance(t, asset, charge.unit());
    long period = period(allowance.periodDays);
    long left = allowance.micros - taken(t, asset, charge.unit(), period, "reserved", "charged");
    if (charge.epsilon().micros() > left) {
      throw new ProblemException(
          ErrorCode.BUDGET_EXHAUSTED,
          charge.product().toString(),
          "epsilon of at most "
              + new Epsilon(Math.max(0, left))
              + " (left of "
              + new Epsilon(allowance.micros)
              + ")",
          charge.epsilon().toString());
    }
    return period;
  }

  /** Makes the job's reservations final, inside the caller's transaction. */
  public void charge(Transaction t, JobId job) throws SQLException {
    t.update(
        "UPDATE spending SET state = 'charged' WHERE job = ? AND state = 'reserved'", job.value());
  }

  /** Frees what was reserved and never charged, inside the caller's transaction. */
  public void free(Transaction t, JobId job) throws SQLException {
    t.update(
        "UPDATE spending SET state = 'freed' WHERE job = ? AND state = 'reserved'", job.value());
  }

  /** How this party's products stand in the current period. */
  public List<Line> lines() {
    return store.read(
        "budget",
        t -> {
          List<Line> limits =
              t.query(
                  "SELECT asset, unit, micros, period_days FROM allowance ORDER BY asset, unit",
                  row ->
                      new Line(
                          row.getString(1),
                          row.getString(2),
                          new Epsilon(row.getLong(3)),
                          row.getInt(4),
                          Epsilon.ZERO,
                          Epsilon.ZERO));
          List<Line> lines = new java.util.ArrayList<>();
          for (Line line : limits) {
            long period = period(line.periodDays);
            lines.add(
                new Line(
                    line.asset,
                    line.unit,
                    line.limit,
                    line.periodDays,
                    new Epsilon(taken(t, line.asset, line.unit, period, "reserved", "reserved")),
                    new Epsilon(taken(t, line.asset, line.unit, period, "charged", "charged"))));
          }
          return List.copyOf(lines);
        });
  }

  /** What one charge of a job has cost so far: all of it or nothing. */
  public Epsilon charged(JobId job, Plan.Charge charge) {
    return store.read(
        "charged",
        t ->
            t.one(
                    """
                    SELECT micros FROM spending
                    WHERE asset = ? AND unit = ? AND job = ? AND state = 'charged'""",
                    row -> new Epsilon(row.getLong(1)),
                    charge.product().asset(),
                    charge.unit(),
                    job.value())
                .orElse(Epsilon.ZERO));
  }

  private static Allowance allowance(Transaction t, String asset, String unit) throws SQLException {
    return t.one(
            "SELECT micros, period_days FROM allowance WHERE asset = ? AND unit = ?",
            row -> new Allowance(row.getLong(1), row.getInt(2)),
            asset,
            unit)
        .orElse(new Allowance(0, 0));
  }

  private static long taken(
      Transaction t, String asset, String unit, long period, String one, String other)
      throws SQLException {
    return t.one(
            """
            SELECT coalesce(sum(micros), 0) FROM spending
            WHERE asset = ? AND unit = ? AND period = ? AND state IN (?, ?)""",
            row -> row.getLong(1),
            asset,
            unit,
            period,
            one,
            other)
        .orElse(0L);
  }

  private long period(int periodDays) {
    return periodDays == 0
        ? 0
        : Math.floorDiv(clock.instant().getEpochSecond(), Duration.ofDays(periodDays).toSeconds());
  }
}

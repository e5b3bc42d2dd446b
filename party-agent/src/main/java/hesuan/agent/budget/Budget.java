package hesuan.agent.budget;

import hesuan.agent.budget.BudgetEvent.Amount;
import hesuan.agent.budget.BudgetEvent.Key;
import hesuan.dp.account.Loss;
import hesuan.dp.account.PrivacyFilter;
import hesuan.job.BudgetStand;
import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.BudgetHead;
import hesuan.wire.Chance;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.Rho;
import hesuan.wire.SecretBytes;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What this party may still let be learned, per product and privacy unit: one allowance for the
 * product's life, kept by a filter ({@link PrivacyFilter}), and if the owner wants at most so much
 * in any so many days. Nothing refreshes by itself. A job's charges are reserved when it is
 * admitted, charged before anything runs, and then never given back: giving back after a failure
 * would tell whoever caused the failure something about the data. Only what was never charged is
 * freed. The coordinator has no say here.
 *
 * <p>Every change is an entry of a chain, in the caller's transaction: it is on the disk before
 * anything acts on it. While the chain is known to have been rolled back, nothing is spent.
 *
 * <p>All steps may be repeated for one job and then change nothing. Thread-safe.
 */
public final class Budget {
  /** The usual for a product of up to some ten thousand people; docs/budget.md says why. */
  public static final Chance DELTA = Chance.parse("0.00001");

  /** What a job of before counts for whose plan is gone: the most that a job may state. */
  private static final Chance JOB_DELTA_MOST = Chance.parse("0.001");

  private static final int RATE_DAYS_MAX = 3660;
  private static final int FORECAST_DAYS = 30;
  private static final Loss NOTHING = Loss.of(Epsilon.ZERO, Chance.ZERO);

  private final Store store;
  private final Clock clock;
  private final BudgetChain chain;
  private final QueryBudgets queries;

  private Budget(Store store, Clock clock) {
    this.store = store;
    this.clock = clock;
    this.chain = new BudgetChain(store);
    this.queries = new QueryBudgets(store, clock);
  }

  /**
   * Reads the whole chain once and compares it with the tables.
   *
   * @throws ProblemException BUDGET_DAMAGED where an entry does not follow the one before, or the
   *     tables say something else
   */
  public static Budget open(Store store, Clock clock) {
    Budget budget = new Budget(store, clock);
    store.inTransaction(
        "take over sums",
        t -> {
          BudgetUpgrade.sums(t);
          return null;
        });
    store.read(
        "verify budget",
        t -> {
          BudgetReplay replay = BudgetChain.replay(t);
          BudgetTables.requireSums(t, replay);
          BudgetTables.requireQueries(t, replay.asked());
          return null;
        });
    budget.adopt();
    budget.adoptDeltas();
    return budget;
  }

  /** What every step of this budget is written to, and what others have seen of it. */
  public BudgetChain chain() {
    return chain;
  }

  /** What counterparties may ask item by item; its entries are in the same chain. */
  public QueryBudgets queries() {
    return queries;
  }

  /**
   * Takes over what an agent of before the chain had stored, so that no upgrade refreshes a budget:
   * what a period allowed becomes the allowance for life.
   */
  private void adopt() {
    store.inTransaction(
        "adopt budget",
        t -> {
          if (BudgetChain.head(t).number() > 0) {
            return null;
          }
          for (BudgetEvent.Allowed each :
              t.query(
                  "SELECT asset, unit, micros FROM allowance ORDER BY asset, unit",
                  row ->
                      new BudgetEvent.Allowed(
                          new Key(row.getString(1), row.getString(2)),
                          PrivacyFilter.of(new Epsilon(row.getLong(3)), null),
                          Epsilon.ZERO,
                          0))) {
            allow(t, each);
          }
          List<Amount> spent =
              t.query(
                  """
                  SELECT asset, unit, sum(micros) FROM spending
                  WHERE state <> 'freed' GROUP BY asset, unit""",
                  row ->
                      new Amount(
                          new Key(row.getString(1), row.getString(2)),
                          Loss.of(new Epsilon(row.getLong(3)), Chance.ZERO)));
          if (!spent.isEmpty()) {
            writeOff(t, List.of(), spent);
          }
          return null;
        });
  }

  /** Entries of before the accountant do not say deltas; the plans of their jobs do. */
  private void adoptDeltas() {
    store.inTransaction(
        "adopt deltas",
        t -> {
          List<Amount> spent = BudgetUpgrade.deltas(t, JOB_DELTA_MOST);
          if (!spent.isEmpty()) {
            writeOff(t, List.of(), spent);
          }
          return null;
        });
  }

  /**
   * Sets what is allowed; what is spent stays spent. The transaction may be retried.
   *
   * @param delta with which the limit may fail; null: as it stands, for a new product {@link
   *     #DELTA}
   */
  public void allow(
      String asset,
      String unit,
      Epsilon limit,
      @Nullable Chance delta,
      Epsilon rate,
      int rateDays) {
    if (rateDays < 0 || rateDays > RATE_DAYS_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "rateDays", "0 to " + RATE_DAYS_MAX, "" + rateDays);
    }
    store.inTransaction(
        "allow",
        t -> {
          Key key = new Key(asset, unit);
          Optional<BudgetLine> stands = BudgetLine.find(t, key, seconds());
          Chance given =
              delta != null ? delta : stands.isPresent() ? stands.get().filter().delta() : DELTA;
          allow(t, new BudgetEvent.Allowed(key, PrivacyFilter.of(limit, given), rate, rateDays));
          return null;
        });
  }

  private void allow(Transaction t, BudgetEvent.Allowed allowed) throws SQLException {
    PrivacyFilter filter = allowed.filter();
    t.update(
        """
        INSERT INTO budget_line
          (asset, unit, limit_micros, delta_attos, rho_most_picos, rate_micros, rate_days,
          reserved_micros, reserved_delta_attos, reserved_rho_picos, reserved_outside_attos,
          charged_micros, charged_delta_attos, charged_rho_picos, charged_outside_attos)
        VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0)
        ON CONFLICT (asset, unit) DO UPDATE
        SET limit_micros = excluded.limit_micros, delta_attos = excluded.delta_attos,
          rho_most_picos = excluded.rho_most_picos, rate_micros = excluded.rate_micros,
          rate_days = excluded.rate_days""",
        allowed.key().asset(),
        allowed.key().unit(),
        filter.limit().micros(),
        filter.delta() == null ? null : filter.delta().attos(),
        filter.rhoMost().picos(),
        allowed.rate().micros(),
        allowed.rateDays());
    BudgetChain.append(t, allowed, seconds());
  }

  /** Whether the reservation would fail now, and why; nothing is set aside. */
  public void check(JobId job, Digest query, List<Plan.Charge> charges) {
    store.read(
        "check budget",
        t -> {
          if (!charges.isEmpty()) {
            BudgetChain.requireWhole(t);
            if (state(t, job).isEmpty() && seed(t, query).isEmpty()) {
              requireLeft(t, charges);
            }
          }
          return null;
        });
  }

  /**
   * Sets this party's part of the job aside, all or nothing, inside the caller's transaction; of a
   * query that was charged before, nothing.
   *
   * @throws ProblemException BUDGET_EXHAUSTED, naming product, asked and left by either way of
   *     counting
   */
  public void reserve(Transaction t, JobId job, Digest query, List<Plan.Charge> charges)
      throws SQLException {
    if (charges.isEmpty()) {
      return;
    }
    BudgetChain.requireWhole(t);
    if (state(t, job).isPresent() || seed(t, query).isPresent()) {
      return;
    }
    requireLeft(t, charges);
    List<Amount> amounts = amounts(charges);
    for (Amount amount : amounts) {
      spending(t, job, amount, "reserved");
      add(t, amount, 1, 0);
    }
    BudgetChain.append(t, new BudgetEvent.Reserved(job, query, amounts), seconds());
  }

  /**
   * Makes the job's reservation final, inside the caller's transaction, before anything runs.
   *
   * @param fresh a seed that no other job has
   * @return the seed of this job's noise: the fresh one, or that with which the same query was
   *     charged before, in which case this one costs nothing
   */
  public SecretBytes charge(
      Transaction t, JobId job, Digest query, List<Plan.Charge> charges, SecretBytes fresh)
      throws SQLException {
    if (charges.isEmpty()) {
      return fresh;
    }
    BudgetChain.requireWhole(t);
    Optional<String> state = state(t, job);
    Optional<SecretBytes> known = seed(t, query);
    if (state.equals(Optional.of("charged"))) {
      return known.orElseThrow(() -> BudgetChain.damaged("the seed of a charged query", "none"));
    }
    if (known.isPresent()) {
      free(t, job);
      for (Amount amount : amounts(charges)) {
        spending(t, job, new Amount(amount.key(), NOTHING), "charged");
      }
      BudgetChain.append(t, new BudgetEvent.Repeated(job, query), seconds());
      return known.get();
    }
    List<Amount> reserved = reserved(t, job);
    if (reserved.isEmpty()) {
      throw new ProblemException(
          ErrorCode.BUDGET_EXHAUSTED, job.value(), "a reservation before the charge", "none");
    }
    for (Amount amount : reserved) {
      add(t, amount, -1, 1);
    }
    t.update("UPDATE budget_spending SET state = 'charged' WHERE job = ?", job.value());
    byte[] bytes = fresh.exposeCopy();
    t.update(
        "INSERT INTO budget_query (query, job, noise_seed) VALUES (?, ?, ?)",
        query.hex(),
        job.value(),
        bytes);
    Arrays.fill(bytes, (byte) 0);
    BudgetChain.append(t, new BudgetEvent.Charged(job), seconds());
    return fresh;
  }

  /** Frees what was reserved and never charged, inside the caller's transaction. */
  public void free(Transaction t, JobId job) throws SQLException {
    List<Amount> reserved = reserved(t, job);
    if (reserved.isEmpty()) {
      return;
    }
    for (Amount amount : reserved) {
      add(t, amount, -1, 0);
    }
    t.update("UPDATE budget_spending SET state = 'freed' WHERE job = ?", job.value());
    BudgetChain.append(t, new BudgetEvent.Freed(job), seconds());
  }

  private static List<Amount> amounts(List<Plan.Charge> charges) {
    Map<Key, Loss> sums = new TreeMap<>();
    charges.forEach(
        c -> sums.merge(new Key(c.product().asset(), c.unit()), Loss.of(c), Loss::plus));
    return sums.entrySet().stream().map(e -> new Amount(e.getKey(), e.getValue())).toList();
  }

  private void requireLeft(Transaction t, List<Plan.Charge> charges) throws SQLException {
    for (Amount amount : amounts(charges)) {
      BudgetLine line =
          BudgetLine.find(t, amount.key(), seconds()).orElse(BudgetLine.none(amount.key()));
      if (!line.filter().admits(line.all(), amount.loss())) {
        throw exhausted(amount, BudgetRefusal.left(line, amount.loss()));
      }
      if (!line.isInPace(amount.epsilon())) {
        throw exhausted(
            amount,
            "epsilon of at most %s (left of %s in %d days)"
                .formatted(line.leftNow(), line.rate(), line.rateDays()));
      }
    }
  }

  private static ProblemException exhausted(Amount amount, String left) {
    return new ProblemException(
        ErrorCode.BUDGET_EXHAUSTED, amount.key().asset(), left, BudgetRefusal.asked(amount.loss()));
  }

  private void spending(Transaction t, JobId job, Amount amount, String state) throws SQLException {
    Loss loss = amount.loss();
    t.update(
        """
        INSERT INTO budget_spending
          (job, asset, unit, micros, delta_attos, rho_picos, outside_attos, state, at_seconds)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (job, asset, unit) DO UPDATE
        SET micros = excluded.micros, delta_attos = excluded.delta_attos,
          rho_picos = excluded.rho_picos, outside_attos = excluded.outside_attos,
          state = excluded.state, at_seconds = excluded.at_seconds
        WHERE state = 'freed'""",
        job.value(),
        amount.key().asset(),
        amount.key().unit(),
        loss.epsilon().micros(),
        loss.delta().attos(),
        loss.rho().picos(),
        loss.outside().attos(),
        state,
        clock.instant().getEpochSecond());
  }

  /**
   * @param reserved,charged -1, 0 or 1 times the amount
   */
  private static void add(Transaction t, Amount amount, int reserved, int charged)
      throws SQLException {
    Loss loss = amount.loss();
    long micros = loss.epsilon().micros();
    long delta = loss.delta().attos();
    long rho = loss.rho().picos();
    long outside = loss.outside().attos();
    t.update(
        """
        UPDATE budget_line
        SET reserved_micros = reserved_micros + ?,
          reserved_delta_attos = reserved_delta_attos + ?,
          reserved_rho_picos = reserved_rho_picos + ?,
          reserved_outside_attos = reserved_outside_attos + ?,
          charged_micros = charged_micros + ?,
          charged_delta_attos = charged_delta_attos + ?,
          charged_rho_picos = charged_rho_picos + ?,
          charged_outside_attos = charged_outside_attos + ?
        WHERE asset = ? AND unit = ?""",
        reserved * micros,
        reserved * delta,
        reserved * rho,
        reserved * outside,
        charged * micros,
        charged * delta,
        charged * rho,
        charged * outside,
        amount.key().asset(),
        amount.key().unit());
  }

  private static Optional<String> state(Transaction t, JobId job) throws SQLException {
    return t
        .query(
            "SELECT state FROM budget_spending WHERE job = ? AND state <> 'freed'",
            row -> row.getString(1),
            job.value())
        .stream()
        .findFirst();
  }

  private static List<Amount> reserved(Transaction t, JobId job) throws SQLException {
    return t.query(
        """
        SELECT asset, unit, micros, delta_attos, rho_picos, outside_attos FROM budget_spending
        WHERE job = ? AND state = 'reserved' ORDER BY asset, unit""",
        row ->
            new Amount(
                new Key(row.getString(1), row.getString(2)),
                new Loss(
                    new Epsilon(row.getLong(3)),
                    new Chance(row.getLong(4)),
                    new Rho(row.getLong(5)),
                    new Chance(row.getLong(6)))),
        job.value());
  }

  private static Optional<SecretBytes> seed(Transaction t, Digest query) throws SQLException {
    return t.one(
        "SELECT noise_seed FROM budget_query WHERE query = ?",
        row -> new SecretBytes(row.getBytes(1)),
        query.hex());
  }

  /**
   * What jobs that this disk has forgotten spent, in the owner's words.
   *
   * @param epsilon of all of them, added up; at most half its square was rho
   * @param delta likewise; null: all that was left, unless epsilon is 0
   */
  public record Spent(String asset, String unit, Epsilon epsilon, @Nullable Chance delta) {
    Amount amount(BudgetLine line) {
      Loss all = epsilon.micros() == 0 ? NOTHING : line.everythingLeft().loss();
      return new Amount(
          line.key(),
          new Loss(
              epsilon,
              delta != null ? delta : all.delta(),
              Rho.of(epsilon),
              delta != null ? delta : all.outside()));
    }
  }

  /**
   * The owner's word on lost entries. May be retried.
   *
   * @param spent what counts as spent by them; for a product that is not named, all that is left
   */
  public void resolve(List<Spent> spent) {
    store.inTransaction(
        "resolve budget",
        t -> {
          List<BudgetHead.Head> lost =
              BudgetChain.lost(t).stream().map(BudgetChain.Lost::head).toList();
          if (lost.isEmpty()) {
            throw new ProblemException(
                ErrorCode.CONFLICT, "budget", "a ledger that was rolled back", "a whole one");
          }
          for (Spent each : spent) {
            if (BudgetLine.find(t, new Key(each.asset(), each.unit()), seconds()).isEmpty()) {
              throw new ProblemException(
                  ErrorCode.UNKNOWN_PRODUCT, each.asset(), "a product with a budget", each.unit());
            }
          }
          List<Amount> all = new ArrayList<>();
          for (BudgetLine line : BudgetLine.all(t, seconds())) {
            all.add(
                spent.stream()
                    .filter(s -> new Key(s.asset(), s.unit()).equals(line.key()))
                    .findFirst()
                    .map(s -> s.amount(line))
                    .orElseGet(line::everythingLeft));
          }
          writeOff(t, lost, all);
          return null;
        });
  }

  private void writeOff(Transaction t, List<BudgetHead.Head> lost, List<Amount> spent)
      throws SQLException {
    for (Amount amount : spent) {
      add(t, amount, 0, 1);
    }
    BudgetChain.appendResolved(t, new BudgetEvent.Resolved(lost, spent), seconds());
    if (!lost.isEmpty()) {
      QueryBudgets.resolved(t, BudgetChain.head(t).number());
    }
  }

  /** How this party's products stand. */
  public List<BudgetLine> lines() {
    return store.read("budget", t -> BudgetLine.all(t, seconds()));
  }

  /**
   * @param days looked back upon
   * @param shape what one more job would cost; null: as much as the latest
   */
  public BudgetForecast forecast(BudgetLine line, int days, @Nullable Epsilon shape) {
    Loss loss = shape == null ? null : Loss.of(shape, Chance.ZERO);
    return store.read("forecast", t -> BudgetForecast.of(t, line, days, loss, seconds()));
  }

  /** How the products stand that a job would charge, for whoever plans it. */
  public List<BudgetStand> stands(List<Plan.Charge> charges) {
    return store.read(
        "stands",
        t -> {
          List<BudgetStand> stands = new ArrayList<>();
          for (Amount amount : amounts(charges)) {
            BudgetLine line =
                BudgetLine.find(t, amount.key(), seconds()).orElse(BudgetLine.none(amount.key()));
            BudgetForecast forecast =
                BudgetForecast.of(t, line, FORECAST_DAYS, amount.loss(), seconds());
            stands.add(
                new BudgetStand(
                    line.asset(),
                    line.unit(),
                    line.limit(),
                    line.filter().delta(),
                    line.reserved(),
                    line.charged(),
                    line.left(),
                    line.leftNow(),
                    forecast.jobsLeft(),
                    forecast.endsOn() == null ? null : forecast.endsOn().toString()));
          }
          return stands;
        });
  }

  /** What one charge of a job has cost so far: all of it or nothing. */
  public Epsilon charged(JobId job, Plan.Charge charge) {
    return store.read(
        "charged",
        t ->
            t.one(
                    """
                    SELECT micros FROM budget_spending
                    WHERE asset = ? AND unit = ? AND job = ? AND state = 'charged'""",
                    row -> new Epsilon(row.getLong(1)),
                    charge.product().asset(),
                    charge.unit(),
                    job.value())
                .orElse(Epsilon.ZERO));
  }

  private long seconds() {
    return clock.instant().getEpochSecond();
  }
}

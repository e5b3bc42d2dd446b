package hesuan.agent.budget;

import hesuan.agent.budget.BudgetEvent.Amount;
import hesuan.agent.budget.BudgetEvent.Key;
import hesuan.job.BudgetStand;
import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.BudgetHead;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
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
 * product's life, and if the owner wants at most so much in any so many days. Nothing refreshes by
 * itself. A job's charges are reserved when it is admitted, charged before anything runs, and then
 * never given back: giving back after a failure would tell whoever caused the failure something
 * about the data. Only what was never charged is freed. The coordinator has no say here.
 *
 * <p>Every change is an entry of a chain, in the caller's transaction: it is on the disk before
 * anything acts on it. While the chain is known to have been rolled back, nothing is spent.
 *
 * <p>All steps may be repeated for one job and then change nothing. Thread-safe.
 */
public final class Budget {
  private static final int RATE_DAYS_MAX = 3660;
  private static final int FORECAST_DAYS = 30;

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
    store.read(
        "verify budget",
        t -> {
          BudgetReplay replay = BudgetChain.replay(t);
          BudgetTables.requireSums(t, replay);
          BudgetTables.requireQueries(t, replay.asked());
          return null;
        });
    budget.adopt();
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
                          new Epsilon(row.getLong(3)),
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
                          new Epsilon(row.getLong(3))));
          if (!spent.isEmpty()) {
            writeOff(t, List.of(), spent);
          }
          return null;
        });
  }

  /** Sets what is allowed; what is spent stays spent. The transaction may be retried. */
  public void allow(String asset, String unit, Epsilon limit, Epsilon rate, int rateDays) {
    if (rateDays < 0 || rateDays > RATE_DAYS_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "rateDays", "0 to " + RATE_DAYS_MAX, "" + rateDays);
    }
    store.inTransaction(
        "allow",
        t -> {
          allow(t, new BudgetEvent.Allowed(new Key(asset, unit), limit, rate, rateDays));
          return null;
        });
  }

  private void allow(Transaction t, BudgetEvent.Allowed allowed) throws SQLException {
    t.update(
        """
        INSERT INTO budget_line
          (asset, unit, limit_micros, rate_micros, rate_days, reserved_micros, charged_micros)
        VALUES (?, ?, ?, ?, ?, 0, 0)
        ON CONFLICT (asset, unit) DO UPDATE
        SET limit_micros = excluded.limit_micros, rate_micros = excluded.rate_micros,
          rate_days = excluded.rate_days""",
        allowed.key().asset(),
        allowed.key().unit(),
        allowed.limit().micros(),
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
   * @throws ProblemException BUDGET_EXHAUSTED, naming product, asked and left
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
      spending(t, job, amount.key(), amount.epsilon().micros(), "reserved");
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
        spending(t, job, amount.key(), 0, "charged");
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
    Map<Key, Epsilon> sums = new TreeMap<>();
    charges.forEach(
        c -> sums.merge(new Key(c.product().asset(), c.unit()), c.epsilon(), Epsilon::plus));
    return sums.entrySet().stream().map(e -> new Amount(e.getKey(), e.getValue())).toList();
  }

  private void requireLeft(Transaction t, List<Plan.Charge> charges) throws SQLException {
    for (Amount amount : amounts(charges)) {
      BudgetLine line =
          BudgetLine.find(t, amount.key(), seconds()).orElse(BudgetLine.none(amount.key()));
      Epsilon left = line.leftNow();
      if (amount.epsilon().compareTo(left) > 0) {
        boolean slow = left.compareTo(line.left()) < 0;
        throw new ProblemException(
            ErrorCode.BUDGET_EXHAUSTED,
            amount.key().asset(),
            "epsilon of at most "
                + left
                + (slow
                    ? " (left of " + line.rate() + " in " + line.rateDays() + " days)"
                    : " (left of " + line.limit() + ")"),
            amount.epsilon().toString());
      }
    }
  }

  private void spending(Transaction t, JobId job, Key key, long micros, String state)
      throws SQLException {
    t.update(
        """
        INSERT INTO budget_spending (job, asset, unit, micros, state, at_seconds)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (job, asset, unit) DO UPDATE
        SET micros = excluded.micros, state = excluded.state, at_seconds = excluded.at_seconds
        WHERE state = 'freed'""",
        job.value(),
        key.asset(),
        key.unit(),
        micros,
        state,
        clock.instant().getEpochSecond());
  }

  private static void add(Transaction t, Amount amount, int reserved, int charged)
      throws SQLException {
    t.update(
        """
        UPDATE budget_line
        SET reserved_micros = reserved_micros + ?, charged_micros = charged_micros + ?
        WHERE asset = ? AND unit = ?""",
        reserved * amount.epsilon().micros(),
        charged * amount.epsilon().micros(),
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
        SELECT asset, unit, micros FROM budget_spending
        WHERE job = ? AND state = 'reserved' ORDER BY asset, unit""",
        row -> new Amount(new Key(row.getString(1), row.getString(2)), new Epsilon(row.getLong(3))),
        job.value());
  }

  private static Optional<SecretBytes> seed(Transaction t, Digest query) throws SQLException {
    return t.one(
        "SELECT noise_seed FROM budget_query WHERE query = ?",
        row -> new SecretBytes(row.getBytes(1)),
        query.hex());
  }

  /**
   * The owner's word on lost entries. May be retried.
   *
   * @param spent what counts as spent by them; for a product that is not named, all that is left
   */
  public void resolve(List<Amount> spent) {
    store.inTransaction(
        "resolve budget",
        t -> {
          List<BudgetHead.Head> lost =
              BudgetChain.lost(t).stream().map(BudgetChain.Lost::head).toList();
          if (lost.isEmpty()) {
            throw new ProblemException(
                ErrorCode.CONFLICT, "budget", "a ledger that was rolled back", "a whole one");
          }
          for (Amount each : spent) {
            if (BudgetLine.find(t, each.key(), seconds()).isEmpty()) {
              throw new ProblemException(
                  ErrorCode.UNKNOWN_PRODUCT,
                  each.key().asset(),
                  "a product with a budget",
                  each.key().unit());
            }
          }
          List<Amount> all = new ArrayList<>();
          for (BudgetLine line : BudgetLine.all(t, seconds())) {
            Amount amount =
                spent.stream()
                    .filter(a -> a.key().equals(line.key()))
                    .findFirst()
                    .orElse(new Amount(line.key(), line.left()));
            line.charged().plus(amount.epsilon()); // refuses a sum beyond what can be written
            all.add(amount);
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
    return store.read("forecast", t -> BudgetForecast.of(t, line, days, shape, seconds()));
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
                BudgetForecast.of(t, line, FORECAST_DAYS, amount.epsilon(), seconds());
            stands.add(
                new BudgetStand(
                    line.asset(),
                    line.unit(),
                    line.limit(),
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

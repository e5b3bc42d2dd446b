package hesuan.agent.budget;

import hesuan.agent.budget.BudgetEvent.Amount;
import hesuan.agent.budget.BudgetEvent.Key;
import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.BudgetHead;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.Json;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.SecretBytes;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
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
  /**
   * @param limit for the product's life; zero allows nothing
   * @param rate at most in any {@code rateDays} in a row; without meaning where those are 0
   * @param recent reserved and charged in the last {@code rateDays}
   */
  public record Line(
      String asset,
      String unit,
      Epsilon limit,
      Epsilon rate,
      int rateDays,
      Epsilon reserved,
      Epsilon charged,
      Epsilon recent) {
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
  }

  /**
   * How far a budget goes, if things go on as in the last days. An estimate for people, never a
   * rule.
   *
   * @param jobs that were charged in these days
   * @param charged by them
   * @param lastJob what the latest charged job cost, or null before the first
   * @param jobsLeft how many more like it fit into what is left of the lifetime's allowance
   * @param endsOn null where nothing was charged in these days
   */
  public record Forecast(
      int days,
      int jobs,
      Epsilon charged,
      @Nullable Epsilon lastJob,
      @Nullable Long jobsLeft,
      @Nullable LocalDate endsOn) {}

  /** A head of this chain that somebody else holds and this disk does not know. */
  public record Lost(BudgetHead.Head head, String toldBy) {}

  private static final int RATE_DAYS_MAX = 3660;

  private final Store store;
  private final Clock clock;

  private Budget(Store store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  /**
   * Reads the whole chain once and compares it with the tables.
   *
   * @throws ProblemException BUDGET_DAMAGED where an entry does not follow the one before, or the
   *     tables say something else
   */
  public static Budget open(Store store, Clock clock) {
    Budget budget = new Budget(store, clock);
    budget.verify();
    budget.adopt();
    return budget;
  }

  private void verify() {
    store.read(
        "verify budget",
        t -> {
          BudgetReplay replay = new BudgetReplay();
          List<BudgetHead.Head> heads =
              t.query(
                  "SELECT number, body, head FROM budget_entry ORDER BY number",
                  row -> {
                    BudgetEntry entry = Json.read(row.getBytes(2), BudgetEntry.class);
                    replay.append(entry);
                    return new BudgetHead.Head(row.getLong(1), new Digest(row.getString(3)));
                  });
          BudgetHead.Head stored = heads.isEmpty() ? BudgetEntry.NONE : heads.getLast();
          if (!stored.equals(replay.head())) {
            throw damaged("the head that its entries give", "another");
          }
          if (!replay.lines().equals(storedLines(t)) || !sameJobs(t, replay)) {
            throw damaged("sums of its entries", "other sums in the tables");
          }
          return null;
        });
  }

  private static ProblemException damaged(String expected, String found) {
    return new ProblemException(ErrorCode.BUDGET_DAMAGED, "budget", expected, found);
  }

  private static Map<Key, BudgetReplay.Totals> storedLines(Transaction t) throws SQLException {
    Map<Key, BudgetReplay.Totals> lines = new TreeMap<>();
    t.query(
        """
        SELECT asset, unit, limit_micros, rate_micros, rate_days, reserved_micros, charged_micros
        FROM budget_line""",
        row ->
            lines.put(
                new Key(row.getString(1), row.getString(2)),
                new BudgetReplay.Totals(
                    row.getLong(3),
                    row.getLong(4),
                    row.getInt(5),
                    row.getLong(6),
                    row.getLong(7))));
    return lines;
  }

  /** The chain may know jobs that cost nothing; the table of spending knows those by a zero. */
  private static boolean sameJobs(Transaction t, BudgetReplay replay) throws SQLException {
    Map<String, Long> stored = new TreeMap<>();
    t.query(
        "SELECT job, asset, unit, state, micros FROM budget_spending WHERE micros > 0",
        row ->
            stored.put(
                String.join(
                    "\n", row.getString(1), row.getString(2), row.getString(3), row.getString(4)),
                row.getLong(5)));
    Map<String, Long> replayed = new TreeMap<>();
    replay
        .jobs()
        .forEach(
            (job, spending) -> {
              for (Amount amount : spending.amounts()) {
                if (amount.epsilon().micros() > 0) {
                  replayed.put(
                      String.join(
                          "\n",
                          job.value(),
                          amount.key().asset(),
                          amount.key().unit(),
                          text(spending.state())),
                      amount.epsilon().micros());
                }
              }
            });
    List<String> queries =
        t.query("SELECT query FROM budget_query ORDER BY query", row -> row.getString(1));
    return stored.equals(replayed)
        && queries.equals(replay.queries().stream().map(Digest::hex).sorted().toList());
  }

  private static String text(BudgetReplay.State state) {
    return switch (state) {
      case RESERVED -> "reserved";
      case CHARGED -> "charged";
      case FREED -> "freed";
    };
  }

  /**
   * Takes over what an agent of before the chain had stored, so that no upgrade refreshes a budget:
   * what a period allowed becomes the allowance for life.
   */
  private void adopt() {
    store.inTransaction(
        "adopt budget",
        t -> {
          if (head(t).number() > 0) {
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
    append(t, allowed);
  }

  /** Whether the reservation would fail now, and why; nothing is set aside. */
  public void check(JobId job, Digest query, List<Plan.Charge> charges) {
    store.read(
        "check budget",
        t -> {
          if (!charges.isEmpty()) {
            requireWhole(t);
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
    requireWhole(t);
    if (state(t, job).isPresent() || seed(t, query).isPresent()) {
      return;
    }
    requireLeft(t, charges);
    List<Amount> amounts = amounts(charges);
    for (Amount amount : amounts) {
      spending(t, job, amount.key(), amount.epsilon().micros(), "reserved");
      add(t, amount, 1, 0);
    }
    append(t, new BudgetEvent.Reserved(job, query, amounts));
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
    requireWhole(t);
    Optional<String> state = state(t, job);
    Optional<SecretBytes> known = seed(t, query);
    if (state.equals(Optional.of("charged"))) {
      return known.orElseThrow(() -> damaged("the seed of a charged query", "none"));
    }
    if (known.isPresent()) {
      free(t, job);
      for (Amount amount : amounts(charges)) {
        spending(t, job, amount.key(), 0, "charged");
      }
      append(t, new BudgetEvent.Repeated(job, query));
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
    append(t, new BudgetEvent.Charged(job));
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
    append(t, new BudgetEvent.Freed(job));
  }

  private static List<Amount> amounts(List<Plan.Charge> charges) {
    Map<Key, Epsilon> sums = new TreeMap<>();
    charges.forEach(
        c -> sums.merge(new Key(c.product().asset(), c.unit()), c.epsilon(), Epsilon::plus));
    return sums.entrySet().stream().map(e -> new Amount(e.getKey(), e.getValue())).toList();
  }

  private void requireLeft(Transaction t, List<Plan.Charge> charges) throws SQLException {
    for (Amount amount : amounts(charges)) {
      Line line =
          line(t, amount.key())
              .orElse(
                  new Line(
                      amount.key().asset(),
                      amount.key().unit(),
                      Epsilon.ZERO,
                      Epsilon.ZERO,
                      0,
                      Epsilon.ZERO,
                      Epsilon.ZERO,
                      Epsilon.ZERO));
      Epsilon left = line.leftNow();
      if (amount.epsilon().compareTo(left) > 0) {
        boolean slow = left.compareTo(line.left()) < 0;
        throw new ProblemException(
            ErrorCode.BUDGET_EXHAUSTED,
            amount.key().asset(),
            "epsilon of at most "
                + left
                + (slow
                    ? " (left of " + line.rate + " in " + line.rateDays + " days)"
                    : " (left of " + line.limit + ")"),
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

  private void append(Transaction t, BudgetEvent event) throws SQLException {
    BudgetHead.Head head = head(t);
    append(t, new BudgetEntry(head.number() + 1, seconds(), head.digest(), event));
  }

  private static void append(Transaction t, BudgetEntry entry) throws SQLException {
    t.update(
        "INSERT INTO budget_entry (number, body, head) VALUES (?, ?, ?)",
        entry.number(),
        Json.canonical(entry),
        entry.head().digest().hex());
  }

  private static BudgetHead.Head head(Transaction t) throws SQLException {
    return t.one(
            "SELECT number, head FROM budget_entry ORDER BY number DESC LIMIT 1",
            row -> new BudgetHead.Head(row.getLong(1), new Digest(row.getString(2))))
        .orElse(BudgetEntry.NONE);
  }

  /** How far the chain reaches on the disk. */
  public BudgetHead.Head head() {
    return store.read("budget head", Budget::head);
  }

  /**
   * Somebody shows a head that this party once gave: entries up to there must be here. Where they
   * are not, this disk has forgotten, and nothing is spent until the owner has said what counts as
   * spent. May be retried.
   *
   * @param signed by this party: nobody else can stop its spending by a word
   * @return whether the chain knows that head
   */
  public boolean shown(BudgetHead.Head signed, String toldBy) {
    return store.inTransaction(
        "budget head shown",
        t -> {
          if (knows(t, signed)) {
            return true;
          }
          t.update(
              "INSERT INTO budget_lost (number, head, told_by) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
              signed.number(),
              signed.digest().hex(),
              toldBy);
          return false;
        });
  }

  private static boolean knows(Transaction t, BudgetHead.Head shown) throws SQLException {
    if (shown.equals(BudgetEntry.NONE)) {
      return true;
    }
    Optional<Digest> here =
        t.one(
            "SELECT head FROM budget_entry WHERE number = ?",
            row -> new Digest(row.getString(1)),
            shown.number());
    if (here.isPresent()) {
      return here.get().equals(shown.digest());
    }
    // Within a gap that the owner has answered for: the next entry is the answer.
    return t.one(
            "SELECT body FROM budget_entry WHERE number > ? ORDER BY number LIMIT 1",
            row -> Json.read(row.getBytes(1), BudgetEntry.class).event(),
            shown.number())
        .filter(BudgetEvent.Resolved.class::isInstance)
        .isPresent();
  }

  /** What others know of this chain and this disk does not; empty: the budget may be spent. */
  public List<Lost> lost() {
    return store.read("lost heads", Budget::lost);
  }

  private static List<Lost> lost(Transaction t) throws SQLException {
    return t.query(
        "SELECT number, head, told_by FROM budget_lost ORDER BY number",
        row ->
            new Lost(
                new BudgetHead.Head(row.getLong(1), new Digest(row.getString(2))),
                row.getString(3)));
  }

  private static void requireWhole(Transaction t) throws SQLException {
    List<Lost> lost = lost(t);
    if (!lost.isEmpty()) {
      Lost latest = lost.getLast();
      throw new ProblemException(
          ErrorCode.BUDGET_ROLLED_BACK,
          "budget",
          "entry " + latest.head.number() + ", which " + latest.toldBy + " has seen",
          "a chain that ends at " + head(t).number());
    }
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
          List<Lost> lost = lost(t);
          if (lost.isEmpty()) {
            throw new ProblemException(
                ErrorCode.CONFLICT, "budget", "a ledger that was rolled back", "a whole one");
          }
          List<Amount> all = new ArrayList<>();
          for (Line line : lines(t)) {
            Key key = new Key(line.asset, line.unit);
            Amount amount =
                spent.stream()
                    .filter(a -> a.key().equals(key))
                    .findFirst()
                    .orElse(new Amount(key, line.left()));
            line.charged.plus(amount.epsilon()); // refuses a sum beyond what can be written
            all.add(amount);
          }
          for (Amount each : spent) {
            if (line(t, each.key()).isEmpty()) {
              throw new ProblemException(
                  ErrorCode.UNKNOWN_PRODUCT,
                  each.key().asset(),
                  "a product with a budget",
                  each.key().unit());
            }
          }
          writeOff(t, lost.stream().map(Lost::head).toList(), all);
          t.update("DELETE FROM budget_lost");
          return null;
        });
  }

  private void writeOff(Transaction t, List<BudgetHead.Head> lost, List<Amount> spent)
      throws SQLException {
    for (Amount amount : spent) {
      add(t, amount, 0, 1);
    }
    BudgetHead.Head head = head(t);
    long last = lost.stream().mapToLong(BudgetHead.Head::number).reduce(head.number(), Math::max);
    append(
        t,
        new BudgetEntry(last + 1, seconds(), head.digest(), new BudgetEvent.Resolved(lost, spent)));
  }

  /** How this party's products stand. */
  public List<Line> lines() {
    return store.read("budget", this::lines);
  }

  private List<Line> lines(Transaction t) throws SQLException {
    List<Key> keys =
        t.query(
            "SELECT asset, unit FROM budget_line ORDER BY asset, unit",
            row -> new Key(row.getString(1), row.getString(2)));
    List<Line> lines = new ArrayList<>();
    for (Key key : keys) {
      lines.add(line(t, key).orElseThrow());
    }
    return List.copyOf(lines);
  }

  private Optional<Line> line(Transaction t, Key key) throws SQLException {
    Optional<Line> stored =
        t.one(
            """
            SELECT asset, unit, limit_micros, rate_micros, rate_days, reserved_micros,
              charged_micros FROM budget_line WHERE asset = ? AND unit = ?""",
            Budget::line,
            key.asset(),
            key.unit());
    if (stored.isEmpty() || stored.get().rateDays == 0) {
      return stored;
    }
    Line line = stored.get();
    long recent =
        t.one(
                """
                SELECT coalesce(sum(micros), 0) FROM budget_spending
                WHERE asset = ? AND unit = ? AND at_seconds > ? AND state <> 'freed'""",
                row -> row.getLong(1),
                key.asset(),
                key.unit(),
                seconds() - Duration.ofDays(line.rateDays).toSeconds())
            .orElse(0L);
    return Optional.of(
        new Line(
            line.asset,
            line.unit,
            line.limit,
            line.rate,
            line.rateDays,
            line.reserved,
            line.charged,
            new Epsilon(recent)));
  }

  private static Line line(ResultSet row) throws SQLException {
    return new Line(
        row.getString(1),
        row.getString(2),
        new Epsilon(row.getLong(3)),
        new Epsilon(row.getLong(4)),
        row.getInt(5),
        new Epsilon(row.getLong(6)),
        new Epsilon(row.getLong(7)),
        Epsilon.ZERO);
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

  /**
   * @param days looked back upon
   * @param shape what one more job would cost; null: as much as the latest
   */
  public Forecast forecast(Line line, int days, @Nullable Epsilon shape) {
    record Charge(long micros, long atSeconds) {}
    long now = seconds();
    List<Charge> all =
        store.read(
            "forecast",
            t ->
                t.query(
                    """
                    SELECT micros, at_seconds FROM budget_spending
                    WHERE asset = ? AND unit = ? AND state = 'charged' AND micros > 0
                    ORDER BY at_seconds, rowid""",
                    row -> new Charge(row.getLong(1), row.getLong(2)),
                    line.asset,
                    line.unit));
    List<Charge> recent =
        all.stream().filter(c -> c.atSeconds > now - Duration.ofDays(days).toSeconds()).toList();
    long charged = recent.stream().mapToLong(Charge::micros).sum();
    Epsilon last = shape != null ? shape : all.isEmpty() ? null : new Epsilon(all.getLast().micros);
    return new Forecast(
        days,
        recent.size(),
        new Epsilon(charged),
        last,
        last == null || last.micros() == 0 ? null : line.left().micros() / last.micros(),
        charged == 0 ? null : endsOn(line.left(), charged, days, now));
  }

  /** At the rate of the last days; a century from now stands for later. */
  private static LocalDate endsOn(Epsilon left, long charged, int days, long nowSeconds) {
    long more = Math.min(36_500, left.micros() * days / charged);
    return LocalDate.ofInstant(Instant.ofEpochSecond(nowSeconds), ZoneOffset.UTC).plusDays(more);
  }

  private long seconds() {
    return clock.instant().getEpochSecond();
  }
}

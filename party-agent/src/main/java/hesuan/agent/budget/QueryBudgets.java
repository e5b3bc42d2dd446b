package hesuan.agent.budget;

import hesuan.agent.budget.BudgetEvent.Query;
import hesuan.agent.budget.BudgetEvent.QueryKey;
import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How many items each counterparty may ask of each product: where a receiver learns person by
 * person who is in it, nothing else bounds what repeated jobs tell. Reserved when a job is
 * admitted, charged before anything runs, never given back; every change is an entry of the
 * budget's chain, in the caller's transaction.
 *
 * <p>Until the owner has said a number, what is usual holds: of one version one percent by filters
 * that live with it ({@code unbalanced}), and by the other engines ten times the product's rows in
 * all. Thread-safe.
 */
public final class QueryBudgets {
  /** Of one version's rows, by the engine that keeps a filter. */
  private static final int LOOKUP_PERCENT = 1;

  private static final long ROWS_TIMES = 10;

  /** Small products: padding alone asks a thousand. */
  private static final long USUAL_MIN = 10_000;

  /**
   * How one account stands.
   *
   * @param lookup a version by name where that is an account of its own, else null
   * @param limit null: as many as it likes
   * @param usual nobody has said so
   */
  public record Line(
      String asset,
      PartyId by,
      @Nullable ProductRef lookup,
      @Nullable Long limit,
      boolean usual,
      long asked) {
    public @Nullable Long left() {
      return limit == null ? null : Math.max(0, limit - asked);
    }
  }

  private final Store store;
  private final Clock clock;

  QueryBudgets(Store store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  /**
   * @param rows of the version, as published
   */
  public static Query query(ProductRef product, PartyId by, boolean lookup, long items, long rows) {
    long usual =
        lookup
            ? Math.max(1, rows * LOOKUP_PERCENT / 100)
            : Math.max(USUAL_MIN, Math.multiplyExact(ROWS_TIMES, rows));
    return new Query(product, by, lookup, items, usual);
  }

  /**
   * The owner's word. May be retried.
   *
   * @param limit over all versions and engines, with what was asked before; null: no limit
   */
  public void allow(String asset, PartyId by, @Nullable Long limit) {
    if (limit != null && limit < 0) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "limit", "at least 0", "" + limit);
    }
    store.inTransaction(
        "allow queries",
        t -> {
          limit(t, new QueryKey(asset, by), limit);
          BudgetEvent allowed = new BudgetEvent.QueriesAllowed(new QueryKey(asset, by), limit);
          BudgetChain.append(t, allowed, seconds());
          return null;
        });
  }

  private static void limit(Transaction t, QueryKey key, @Nullable Long items) throws SQLException {
    t.update(
        """
        INSERT INTO query_limit (asset, asker, items) VALUES (?, ?, ?)
        ON CONFLICT (asset, asker) DO UPDATE SET items = excluded.items""",
        key.asset(),
        key.by().value(),
        items);
  }

  /** Whether the reservation would fail now, and why; nothing is set aside. */
  public void check(JobId job, List<Query> queries) {
    if (!queries.isEmpty()) {
      store.read(
          "check queries",
          t -> {
            BudgetChain.requireWhole(t);
            if (standing(t, job).isEmpty()) {
              requireLeft(t, queries);
            }
            return null;
          });
    }
  }

  /**
   * Sets aside what the job lets others ask, all or nothing, inside the caller's transaction.
   *
   * @throws ProblemException QUERIES_EXHAUSTED, naming product, counterparty, asked and left
   */
  public void reserve(Transaction t, JobId job, List<Query> queries) throws SQLException {
    if (queries.isEmpty()) {
      return;
    }
    BudgetChain.requireWhole(t);
    if (standing(t, job).isPresent()) {
      return;
    }
    requireLeft(t, queries);
    t.update("DELETE FROM query_spending WHERE job = ?", job.value());
    for (Query query : queries) {
      t.update(
          """
          INSERT INTO query_spending
            (job, product, asset, asker, lookup, items, usual, state, times)
          VALUES (?, ?, ?, ?, ?, ?, ?, 'reserved', 1)""",
          job.value(),
          query.product().toString(),
          query.product().asset(),
          query.by().value(),
          query.lookup() ? 1 : 0,
          query.items(),
          query.usual());
    }
    BudgetChain.append(t, new BudgetEvent.QueriesReserved(job, queries), seconds());
  }

  /** Makes the reservation final, inside the caller's transaction, before anything runs. */
  public void charge(Transaction t, JobId job, List<Query> queries) throws SQLException {
    if (queries.isEmpty()) {
      return;
    }
    BudgetChain.requireWhole(t);
    Optional<String> state = standing(t, job);
    if (state.equals(Optional.of("charged"))) {
      return;
    }
    if (state.isEmpty()) {
      throw uncharged(job, "a reservation before the charge");
    }
    t.update("UPDATE query_spending SET state = 'charged' WHERE job = ?", job.value());
    BudgetChain.append(t, new BudgetEvent.QueriesCharged(job), seconds());
  }

  /** Frees what was reserved and never charged, inside the caller's transaction. */
  public void free(Transaction t, JobId job) throws SQLException {
    if (standing(t, job).equals(Optional.of("reserved"))) {
      t.update("UPDATE query_spending SET state = 'freed' WHERE job = ?", job.value());
      BudgetChain.append(t, new BudgetEvent.QueriesFreed(job), seconds());
    }
  }

  private record Charged(Query query, int attempt, @Nullable String elements) {}

  /**
   * Right before an answer leaves, stored before this returns. One attempt of a job costs once; an
   * attempt behind one that was answered may ask of other people, so it is charged again unless it
   * asks the very same. May be retried.
   *
   * @param elements digest of what is asked, where that can be told; null: it can't
   * @throws ProblemException QUERIES_EXHAUSTED for what was never charged, or cannot be again
   */
  public void answer(JobId job, PartyId by, int attempt, @Nullable Digest elements) {
    String asked = elements == null ? null : elements.hex();
    store.inTransaction(
        "answer queries",
        t -> {
          List<Charged> charged =
              t.query(
                  """
                  SELECT product, asker, lookup, items, usual, attempt, elements
                  FROM query_spending WHERE job = ? AND asker = ? AND state = 'charged'""",
                  row -> new Charged(query(row), row.getInt(6), row.getString(7)),
                  job.value(),
                  by.value());
          if (charged.isEmpty()) {
            throw uncharged(job, "a charge before the answer");
          }
          Charged one = charged.getFirst();
          boolean same =
              one.attempt == 0
                  || one.attempt == attempt
                  || asked != null && asked.equals(one.elements);
          if (!same) {
            BudgetChain.requireWhole(t);
            requireLeft(t, charged.stream().map(Charged::query).toList());
            t.update(
                "UPDATE query_spending SET times = times + 1 WHERE job = ? AND asker = ?",
                job.value(),
                by.value());
            BudgetChain.append(t, new BudgetEvent.QueriesChargedAgain(job, by), seconds());
          }
          t.update(
              "UPDATE query_spending SET attempt = ?, elements = ? WHERE job = ? AND asker = ?",
              attempt,
              asked,
              job.value(),
              by.value());
          return null;
        });
  }

  private static Query query(ResultSet row) throws SQLException {
    return new Query(
        ProductRef.parse(row.getString(1)),
        new PartyId(row.getString(2)),
        row.getInt(3) == 1,
        row.getLong(4),
        row.getLong(5));
  }

  private static ProblemException uncharged(JobId job, String expected) {
    return new ProblemException(ErrorCode.QUERIES_EXHAUSTED, job.value(), expected, "none");
  }

  private static Optional<String> standing(Transaction t, JobId job) throws SQLException {
    return t.one(
        "SELECT state FROM query_spending WHERE job = ? AND state <> 'freed' LIMIT 1",
        row -> row.getString(1),
        job.value());
  }

  private static void requireLeft(Transaction t, List<Query> queries) throws SQLException {
    for (Query query : queries) {
      Line line = line(t, query);
      Long left = line.left();
      if (left != null && query.items() > left) {
        throw new ProblemException(
            ErrorCode.QUERIES_EXHAUSTED,
            query.product() + " for " + query.by(),
            "at most %d items (left of %s%d)"
                .formatted(left, line.usual ? "the usual " : "", line.limit),
            "" + query.items());
      }
    }
  }

  /** The account that a query is charged to. */
  private static Line line(Transaction t, Query query) throws SQLException {
    Optional<Line> said = said(t, query.key());
    if (said.isPresent()) {
      return said.get();
    }
    boolean stopped = t.one("SELECT number FROM query_stopped LIMIT 1", row -> 1).isPresent();
    long asked =
        query.lookup()
            ? sum(
                t,
                "product = ? AND asker = ? AND lookup = 1",
                query.product().toString(),
                query.by().value())
            : sum(
                t,
                "asset = ? AND asker = ? AND lookup = 0",
                query.product().asset(),
                query.by().value());
    return new Line(
        query.product().asset(),
        query.by(),
        query.lookup() ? query.product() : null,
        stopped ? 0 : query.usual(),
        true,
        asked);
  }

  private static Optional<Line> said(Transaction t, QueryKey key) throws SQLException {
    long asked = sum(t, "asset = ? AND asker = ?", key.asset(), key.by().value());
    return t.one(
        "SELECT items FROM query_limit WHERE asset = ? AND asker = ?",
        row -> {
          long items = row.getLong(1);
          return new Line(key.asset(), key.by(), null, row.wasNull() ? null : items, false, asked);
        },
        key.asset(),
        key.by().value());
  }

  private static long sum(Transaction t, String where, Object... values) throws SQLException {
    return t.one(
            "SELECT coalesce(sum(items * times), 0) FROM query_spending WHERE state <> 'freed' AND "
                + where,
            row -> row.getLong(1),
            values)
        .orElse(0L);
  }

  /** How every account stands that was asked of or allowed. */
  public List<Line> lines() {
    return store.read(
        "queries",
        t -> {
          List<Line> lines = new ArrayList<>();
          for (QueryKey key :
              t.query(
                  "SELECT asset, asker FROM query_limit ORDER BY asset, asker",
                  row -> new QueryKey(row.getString(1), new PartyId(row.getString(2))))) {
            lines.add(said(t, key).orElseThrow());
          }
          for (Query query :
              t.query(
                  """
                  SELECT product, asker, lookup, max(items), max(usual) FROM query_spending
                  GROUP BY asker, lookup, CASE lookup WHEN 1 THEN product ELSE asset END
                  ORDER BY asset, asker, product""",
                  QueryBudgets::query)) {
            Line line = line(t, query);
            if (line.usual) {
              lines.add(line);
            }
          }
          return List.copyOf(lines);
        });
  }

  /** Lost entries may have asked as much as they could; inside the caller's transaction. */
  static void resolved(Transaction t, long number) throws SQLException {
    t.update("INSERT INTO query_stopped (number) VALUES (?)", number);
    t.update(
        """
        UPDATE query_limit SET items = min(items,
          (SELECT coalesce(sum(s.items * s.times), 0) FROM query_spending s
           WHERE s.asset = query_limit.asset AND s.asker = query_limit.asker
             AND s.state <> 'freed'))
        WHERE items IS NOT NULL""");
  }

  private long seconds() {
    return clock.instant().getEpochSecond();
  }
}

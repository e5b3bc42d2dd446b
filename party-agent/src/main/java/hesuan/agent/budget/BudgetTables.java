package hesuan.agent.budget;

import hesuan.agent.budget.BudgetEvent.Amount;
import hesuan.agent.budget.BudgetEvent.Key;
import hesuan.agent.budget.BudgetEvent.QueryKey;
import hesuan.dp.account.LossSum;
import hesuan.store.Transaction;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Whether the tables, from which everything is answered, say what the chain adds up to. */
final class BudgetTables {
  private BudgetTables() {}

  static void requireSums(Transaction t, BudgetReplay replay) throws SQLException {
    if (!replay.lines().equals(lines(t)) || !spending(t).equals(spending(replay))) {
      throw BudgetChain.damaged("sums of its entries", "other sums in the tables");
    }
    List<String> queries =
        t.query("SELECT query FROM budget_query ORDER BY query", row -> row.getString(1));
    if (!queries.equals(replay.queries().stream().map(Digest::hex).sorted().toList())) {
      throw BudgetChain.damaged("the queries of its entries", "others in the tables");
    }
  }

  /** The same for the queries of counterparties. */
  static void requireQueries(Transaction t, QueryReplay replay) throws SQLException {
    Map<QueryKey, Optional<Long>> limits = new TreeMap<>();
    t.query(
        "SELECT asset, asker, items FROM query_limit",
        row -> {
          long items = row.getLong(3);
          Optional<Long> limit = row.wasNull() ? Optional.empty() : Optional.of(items);
          return limits.put(new QueryKey(row.getString(1), new PartyId(row.getString(2))), limit);
        });
    Map<List<String>, List<Long>> asked = new HashMap<>();
    t.query(
        "SELECT job, product, asker, state, lookup, items, usual, times FROM query_spending",
        row ->
            asked.put(
                List.of(row.getString(1), row.getString(2), row.getString(3), row.getString(4)),
                List.of(row.getLong(5), row.getLong(6), row.getLong(7), row.getLong(8))));
    boolean stopped = t.one("SELECT number FROM query_stopped LIMIT 1", row -> 1).isPresent();
    if (!limits.equals(replay.limits())
        || !asked.equals(asked(replay))
        || stopped != replay.stopped()) {
      throw BudgetChain.damaged("the queries of its entries", "others in the tables");
    }
  }

  private static Map<List<String>, List<Long>> asked(QueryReplay replay) {
    Map<List<String>, List<Long>> all = new HashMap<>();
    replay
        .jobs()
        .forEach(
            (job, list) -> {
              for (QueryReplay.Asked asked : list) {
                BudgetEvent.Query query = asked.query();
                all.put(
                    List.of(
                        job.value(),
                        query.product().toString(),
                        query.by().value(),
                        text(asked.state())),
                    List.of(
                        query.lookup() ? 1L : 0L,
                        query.items(),
                        query.usual(),
                        (long) asked.times()));
              }
            });
    return all;
  }

  private static Map<Key, BudgetReplay.Totals> lines(Transaction t) throws SQLException {
    Map<Key, BudgetReplay.Totals> lines = new TreeMap<>();
    for (BudgetLine line : BudgetLine.all(t, 0)) {
      lines.put(
          line.key(),
          new BudgetReplay.Totals(
              line.filter(), line.rate(), line.rateDays(), line.reservedSum(), line.chargedSum()));
    }
    return lines;
  }

  private static Map<List<String>, LossSum> spending(Transaction t) throws SQLException {
    Map<List<String>, LossSum> spending = new HashMap<>();
    t.query(
        """
        SELECT job, asset, unit, state, micros, delta_attos, rho_picos, outside_attos
        FROM budget_spending WHERE micros > 0 OR delta_attos > 0 OR rho_picos > 0""",
        row ->
            spending.put(
                List.of(row.getString(1), row.getString(2), row.getString(3), row.getString(4)),
                new LossSum(row.getLong(5), row.getLong(6), row.getLong(7), row.getLong(8))));
    return spending;
  }

  /** The chain may know jobs that cost nothing; the table of spending knows those by a zero. */
  private static Map<List<String>, LossSum> spending(BudgetReplay replay) {
    Map<List<String>, LossSum> spending = new HashMap<>();
    replay
        .jobs()
        .forEach(
            (job, spent) -> {
              for (Amount amount : spent.amounts()) {
                if (!amount.loss().isZero()) {
                  spending.put(
                      List.of(
                          job.value(),
                          amount.key().asset(),
                          amount.key().unit(),
                          text(spent.state())),
                      LossSum.ZERO.plus(amount.loss()));
                }
              }
            });
    return spending;
  }

  private static String text(BudgetReplay.State state) {
    return switch (state) {
      case RESERVED -> "reserved";
      case CHARGED -> "charged";
      case FREED -> "freed";
    };
  }
}

package hesuan.agent.budget;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.agent.budget.BudgetEvent.Amount;
import hesuan.agent.budget.BudgetEvent.Key;
import hesuan.dp.account.Loss;
import hesuan.dp.account.LossSum;
import hesuan.store.Transaction;
import hesuan.wire.Chance;
import hesuan.wire.Epsilon;
import hesuan.wire.Json;
import hesuan.wire.ProductRef;
import hesuan.wire.Rho;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Takes over a store of before the accountant, whose tables and entries know epsilons only. Nothing
 * is refreshed by it: a limit without a delta goes on to be one of added epsilons until its owner
 * says a delta, and then what was spent before counts in full, by either way of counting.
 */
final class BudgetUpgrade {
  private record Old(Key key, byte @Nullable [] plan) {}

  private BudgetUpgrade() {}

  /** Fills the columns that a new release of the tables left open, from the entries. */
  static void sums(Transaction t) throws SQLException {
    t.update(
        """
        UPDATE budget_spending SET rho_picos = (micros * micros + 1) / 2 WHERE rho_picos IS NULL""");
    boolean open =
        t.one("SELECT 1 FROM budget_line WHERE charged_rho_picos IS NULL LIMIT 1", row -> 1)
            .isPresent();
    if (!open) {
      return;
    }
    for (Map.Entry<Key, BudgetReplay.Totals> line : BudgetChain.replay(t).lines().entrySet()) {
      LossSum reserved = line.getValue().reserved();
      LossSum charged = line.getValue().charged();
      t.update(
          """
          UPDATE budget_line
          SET reserved_delta_attos = ?, reserved_rho_picos = ?, reserved_outside_attos = ?,
            charged_delta_attos = ?, charged_rho_picos = ?, charged_outside_attos = ?
          WHERE asset = ? AND unit = ? AND charged_rho_picos IS NULL""",
          reserved.deltaAttos(),
          reserved.rhoPicos(),
          reserved.outsideAttos(),
          charged.deltaAttos(),
          charged.rhoPicos(),
          charged.outsideAttos(),
          line.getKey().asset(),
          line.getKey().unit());
    }
  }

  /**
   * What the deltas of jobs come to whose entries do not say them; from now on they are said.
   *
   * @param unknown of a job whose plan is not here any more
   */
  static List<Amount> deltas(Transaction t, Chance unknown) throws SQLException {
    List<Old> old =
        t.query(
            """
            SELECT s.asset, s.unit, j.plan FROM budget_spending s LEFT JOIN job j ON j.id = s.job
            WHERE s.delta_attos IS NULL AND s.state <> 'freed' AND s.micros > 0""",
            row -> new Old(new Key(row.getString(1), row.getString(2)), row.getBytes(3)));
    Map<Key, Chance> sums = new TreeMap<>();
    for (Old job : old) {
      sums.merge(job.key, job.plan == null ? unknown : delta(job.key, job.plan), Chance::plus);
    }
    t.update(
        "UPDATE budget_spending SET delta_attos = 0, outside_attos = 0 WHERE delta_attos IS NULL");
    return sums.entrySet().stream()
        .filter(e -> e.getValue().attos() > 0)
        .map(
            e ->
                new Amount(
                    e.getKey(), new Loss(Epsilon.ZERO, e.getValue(), Rho.ZERO, e.getValue())))
        .toList();
  }

  /** Plans of an older release may not be read whole; their charges are. */
  private static Chance delta(Key key, byte[] plan) {
    Chance delta = Chance.ZERO;
    for (JsonNode charge : Json.tree(plan).path("charges")) {
      String asset = ProductRef.parse(charge.path("product").asText()).asset();
      if (new Key(asset, charge.path("unit").asText()).equals(key)) {
        delta = delta.plus(Chance.parse(charge.path("delta").asText()));
      }
    }
    return delta;
  }
}

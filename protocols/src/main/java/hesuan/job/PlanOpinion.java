package hesuan.job;

import hesuan.wire.PartyId;
import java.util.List;

/**
 * What one party says to a plan that is only asked about.
 *
 * @param budgets of its own products that the plan charges; none where the party refuses for
 *     another reason than what is left
 */
public record PlanOpinion(PartyId party, List<Refusal> refusals, List<BudgetStand> budgets) {
  public PlanOpinion {
    refusals = List.copyOf(refusals);
    budgets = List.copyOf(budgets);
  }

  public boolean admitted() {
    return refusals.isEmpty();
  }
}

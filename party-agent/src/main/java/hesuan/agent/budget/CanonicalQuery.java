package hesuan.agent.budget;

import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.wire.Digest;
import hesuan.wire.Json;
import hesuan.wire.Plan;
import java.util.List;
import java.util.Map;

/**
 * What a plan asks, apart from who asks, when, and what for: two plans with one digest compute the
 * same figures from the same versions of the same products, so the noise may be the same too.
 *
 * <p>What is <em>left out</em> is listed, not what is taken in: a field that comes later makes
 * queries differ until somebody shows that it may not.
 */
public final class CanonicalQuery {
  /**
   * None of them changes a figure of this party: the job's own name and text, for whom and for what
   * under the contract, who adds the parts up, and what follows from the steps.
   */
  static final List<String> LEFT_OUT =
      List.of(
          "job",
          "spec",
          "purpose",
          "parties",
          "leader",
          "outputs",
          "uses",
          "reveals",
          "asks",
          "deadlineSeconds",
          "attempts",
          "estimate");

  /**
   * Of a {@link Plan.DpQuery}, likewise: names, formulas, HAVING, ORDER BY and LIMIT are made of
   * figures that have their noise, where a column was read is a word for people, and over whom the
   * parts are added, and whether without one of them, is as little a part of a figure as who leads.
   * So another phrasing of a question is the same question, with the same noise.
   */
  static final List<String> LEFT_OUT_OF_QUERY =
      List.of("keys", "outcome", "reads", "aggregators", "tolerateLoss");

  private CanonicalQuery() {}

  /**
   * @param software what computes: another release might compute something slightly different under
   *     the same noise, which would show the difference exactly
   */
  public static Digest of(Plan plan, String software) {
    ObjectNode asked = ((ObjectNode) Json.node(plan)).deepCopy();
    LEFT_OUT.forEach(asked::remove);
    for (int i = 0; i < plan.steps().size(); i++) {
      if (plan.steps().get(i) instanceof Plan.DpQuery query) {
        ObjectNode step = (ObjectNode) asked.path("steps").path(i);
        LEFT_OUT_OF_QUERY.forEach(step::remove);
        step.put("keys", query.keys().size());
      }
    }
    if (!isFixedByOwnRows(plan)) {
      asked.put("job", plan.job().value());
    }
    return Digest.ofDocument(Map.of("query", asked, "software", software));
  }

  /**
   * Whether what this party gives, noise included, hangs on its own rows and the plan alone. Where
   * a peer's list has a part in it, a peer could change the list under the same noise and subtract:
   * such a query is a new one each time it is asked. So is one under shared noise: a peer for which
   * it is a new one draws anew, and the sums' average shows this party's figures under its share.
   */
  static boolean isFixedByOwnRows(Plan plan) {
    return plan.steps().stream()
        .allMatch(
            step ->
                switch (step) {
                  case Plan.DpQuery query ->
                      query.shared() == null || query.shared().isWhole(query.products().size());
                  case Plan.Overlap _,
                      Plan.Intersect _,
                      Plan.IntersectAll _,
                      Plan.JoinStatistics _,
                      Plan.JoinQuery _,
                      Plan.SecureSum _,
                      Plan.Train _ ->
                      false;
                });
  }
}

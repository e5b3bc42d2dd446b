package hesuan.plan;

import hesuan.job.Refusal;
import hesuan.wire.Plan;
import java.util.List;

/** A plan, or every reason that was found against it. */
public sealed interface PlanResult {
  record Planned(Plan plan) implements PlanResult {}

  record Refused(List<Refusal> refusals) implements PlanResult {
    public Refused {
      refusals = List.copyOf(refusals);
    }
  }
}

package hesuan.job;

import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import java.util.List;

/**
 * What the life of a job needs of its plan.
 *
 * @param receivers of any output, the leader among them
 * @param steps names in order
 * @param attemptsMax runs in all, the first included
 */
public record JobFacts(
    List<PartyId> parties,
    PartyId leader,
    List<PartyId> receivers,
    List<String> steps,
    int attemptsMax) {
  public JobFacts {
    parties = List.copyOf(parties);
    receivers = List.copyOf(receivers);
    steps = List.copyOf(steps);
  }

  public static JobFacts of(Plan plan) {
    return new JobFacts(
        plan.parties(),
        plan.leader(),
        plan.outputs().stream().flatMap(o -> o.to().stream()).distinct().sorted().toList(),
        plan.steps().stream().map(Plan.Step::name).toList(),
        plan.attempts());
  }
}

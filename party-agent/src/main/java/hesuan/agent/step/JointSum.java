package hesuan.agent.step;

import hesuan.aggregate.SecureSumLeader;
import hesuan.aggregate.SecureSumMember;
import hesuan.aggregate.SecureSumSettings;
import hesuan.aggregate.SumOutcome;
import java.security.SecureRandom;
import java.util.function.Function;

/**
 * The secure sum in which a step ends, led or joined as the plan has it.
 *
 * @param minCohort fewest addends in a sum that is finished
 * @param noised each addend carries noise for the full epsilon
 */
record JointSum(Signatures signatures, SecureRandom random, int minCohort, boolean noised) {

  /**
   * @param step its name
   * @param addend this party's; zeros at a party without data
   * @param output what the leader makes of the sum
   */
  StepResult run(
      StepContext context,
      String step,
      boolean tolerateLoss,
      long[] addend,
      Function<SumOutcome, Output> output) {
    SecureSumSettings settings =
        new SecureSumSettings(
            context.session(step),
            context.plan().parties(),
            context.plan().leader(),
            addend.length,
            minCohort,
            tolerateLoss,
            noised);
    if (!context.leads()) {
      return new StepResult(
          new SecureSumMember(settings, context.leader(step), signatures, signatures, random)
              .run(addend)
              .transcript(),
          null);
    }
    SumOutcome sum = new SecureSumLeader(settings, context.others(step), signatures).run(addend);
    return new StepResult(sum.transcript(), output.apply(sum));
  }
}

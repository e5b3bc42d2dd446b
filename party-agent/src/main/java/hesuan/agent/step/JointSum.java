package hesuan.agent.step;

import hesuan.aggregate.SecureSumLeader;
import hesuan.aggregate.SecureSumMember;
import hesuan.aggregate.SecureSumSettings;
import hesuan.aggregate.SumOutcome;
import java.security.SecureRandom;
import java.util.function.Function;

/** The secure sum in which a step ends, led or joined as the plan has it. */
record JointSum(Signatures signatures, SecureRandom random) {

  /**
   * @param step its name
   * @param settings of this run
   * @param addend this party's; zeros at a party without data
   * @param output what the leader makes of the sum
   */
  StepResult run(
      StepContext context,
      String step,
      SecureSumSettings settings,
      long[] addend,
      Function<SumOutcome, Output> output) {
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

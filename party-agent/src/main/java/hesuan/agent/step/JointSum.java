package hesuan.agent.step;

import hesuan.aggregate.OpeningAggregator;
import hesuan.aggregate.OtherAggregator;
import hesuan.aggregate.SecureSumLeader;
import hesuan.aggregate.SecureSumMember;
import hesuan.aggregate.SecureSumSettings;
import hesuan.aggregate.SumOutcome;
import hesuan.aggregate.TwoAggregatorContributor;
import hesuan.aggregate.TwoAggregatorSettings;
import java.security.SecureRandom;
import java.util.function.Function;

/** The sum in which a step ends, in this party's part of it. */
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

  /** The same over two aggregators: the leader opens the sum, an owner speaks once and is done. */
  StepResult run(
      StepContext context,
      String step,
      TwoAggregatorSettings settings,
      long[] addend,
      Function<SumOutcome, Output> output) {
    if (context.self().equals(settings.opening())) {
      SumOutcome sum =
          new OpeningAggregator(settings, context.others(step), signatures, signatures, random)
              .run(addend);
      return new StepResult(sum.transcript(), output.apply(sum));
    }
    if (context.self().equals(settings.other())) {
      return new StepResult(
          new OtherAggregator(settings, context.others(step), signatures, signatures, random)
              .run(addend)
              .transcript(),
          null);
    }
    return new StepResult(
        new TwoAggregatorContributor(
                settings,
                context.channels().apply(settings.opening(), step),
                context.channels().apply(settings.other(), step),
                signatures,
                signatures,
                random)
            .run(addend)
            .transcript(),
        null);
  }
}

package hesuan.agent.step;

import hesuan.agent.data.OwnProducts;
import hesuan.agent.data.OwnRows;
import hesuan.agent.query.JoinItems;
import hesuan.channel.Channel;
import hesuan.dp.BitPool;
import hesuan.dp.ClippedDummyNoise;
import hesuan.dp.JoinNoise;
import hesuan.group.Workers;
import hesuan.join.JoinMatcher;
import hesuan.join.JoinOutcome;
import hesuan.join.JoinParameters;
import hesuan.join.JoinValuer;
import hesuan.join.Matches;
import hesuan.psi.DummyNoise;
import hesuan.source.PersonRows;
import hesuan.wire.Digest;
import hesuan.wire.Plan;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@link Plan.JoinStatistics}: the leader has the groups, the other owner the figures. */
final class JoinStep {
  private final OwnProducts own;
  private final Workers workers;
  private final SecureRandom random;

  JoinStep(OwnProducts own, Workers workers, SecureRandom random) {
    this.own = own;
    this.workers = workers;
    this.random = random;
  }

  StepResult run(Plan.JoinStatistics step, StepContext context) {
    Digest session = context.session(step.name());
    JoinNoise noise = new JoinNoise(step, context.plan().minGroup(), JoinParameters.ITEMS_MAX);
    JoinParameters parameters = JoinParameters.of(step, session);
    long[] drawn = noise.draw(context.noiseSeed());
    if (context.leads()) {
      JoinItems items = touches(step, session);
      JoinOutcome outcome =
          new JoinMatcher(parameters, items.keys(), items.groups(), drawn, workers, random)
              .run(context.others(step.name()).get(parameters.valuer()));
      long[] sizes = new long[step.groups().size()];
      for (int group : items.groups()) {
        sizes[group]++;
      }
      return new StepResult(
          outcome.transcript(),
          new JoinOutput(step, noise)
              .of(outcome.sums(), noise.noisedSizes(sizes, context.noiseSeed())));
    }
    JoinItems items = conversions(step, context, session);
    Channel channel = context.leader(step.name());
    return new StepResult(
        new JoinValuer(
                parameters,
                items.keys(),
                items.figures(),
                drawn,
                dummies(parameters.matches(), step.name(), context),
                workers,
                random)
            .run(channel)
            .transcript(),
        null);
  }

  /** Of the owner of the figures, where matches are seen. */
  static @Nullable DummyNoise dummies(Matches matches, String step, StepContext context) {
    return switch (matches) {
      case Matches.Noised noised -> {
        BitPool bits = BitPool.of(context.noiseSeed(), "join", step + ".dummies");
        ClippedDummyNoise dummies = noised.dummyNoise();
        yield _ -> (int) dummies.draw(bits);
      }
      case Matches.Hidden _ -> null;
    };
  }

  private JoinItems touches(Plan.JoinStatistics step, Digest session) {
    Plan.Window window = step.window();
    try (OwnRows rows = own.open(step.products()).orElseThrow();
        PersonRows people =
            rows.people(
                new PersonRows.Columns(
                    step.by(),
                    step.groups(),
                    window == null ? null : window.touched(),
                    null,
                    0,
                    0))) {
      rows.requireUntouched();
      return JoinItems.touches(people, step, session);
    }
  }

  private JoinItems conversions(Plan.JoinStatistics step, StepContext context, Digest session) {
    Plan.Window window = step.window();
    Plan.Value value = step.value();
    byte[] seed = context.noiseSeed().exposeCopy();
    long secret = ByteBuffer.wrap(Digest.of(seed).bytes()).getLong();
    Arrays.fill(seed, (byte) 0);
    try (OwnRows rows = own.open(step.products()).orElseThrow();
        PersonRows people =
            rows.people(
                new PersonRows.Columns(
                    null,
                    List.of(),
                    window == null ? null : window.converted(),
                    value == null ? null : value.column(),
                    value == null ? 0 : Math.min(0, value.lower()),
                    value == null ? 0 : Math.max(0, value.upper())))) {
      rows.requireUntouched();
      return JoinItems.conversions(people, step, session, secret);
    }
  }
}

package hesuan.learn;

import hesuan.aggregate.PartyVerifier;
import hesuan.aggregate.SecureSumLeader;
import hesuan.aggregate.SumOutcome;
import hesuan.channel.Channel;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** The party that trains too, adds up, and knows the curve. One use, one thread. */
public final class FederatedAveragingLeader {
  private final LearningSettings settings;
  private final Map<PartyId, Channel> members;
  private final PartyVerifier verifier;

  public FederatedAveragingLeader(
      LearningSettings settings, Map<PartyId, ? extends Channel> members, PartyVerifier verifier) {
    this.settings = settings;
    this.members = new TreeMap<>(members);
    this.verifier = verifier;
  }

  /**
   * @param progress told of each point of the curve as it is known
   * @throws ProblemException whatever ended the training; members that can be reached are told
   */
  public TrainedModel run(
      Trainer.Model model,
      Examples training,
      Examples heldOut,
      Consumer<TrainedModel.Round> progress) {
    LocalRound local =
        new LocalRound(model, training, heldOut, settings.deltas(), settings.rounds());
    List<TrainedModel.Round> curve = new ArrayList<>();
    List<Digest> transcripts = new ArrayList<>();
    List<PartyId> present = settings.roster();
    float[] parameters = model.initial();
    for (int round = 0; round <= settings.rounds(); round++) {
      SumOutcome outcome = sum(local, parameters, round, present);
      present = outcome.survivors();
      transcripts.add(outcome.transcript());
      TrainedModel.Round point =
          new TrainedModel.Round(
              round,
              Evaluation.metrics(outcome.sum(), local.heldOutAt(round)),
              present.size(),
              round < settings.rounds() ? outcome.sum()[local.clippedAt()] : 0);
      curve.add(point);
      progress.accept(point);
      if (round < settings.rounds()) {
        parameters = mean(parameters, outcome.sum(), present.size());
      }
    }
    return new TrainedModel(parameters, Parameters.digest(parameters), curve, present, transcripts);
  }

  private SumOutcome sum(LocalRound local, float[] parameters, int round, List<PartyId> present) {
    Digest digest = Parameters.digest(parameters);
    SecureSumLeader sum =
        new SecureSumLeader(
            settings.sum(round, present, digest, local.length(round)), members, verifier);
    for (PartyId party : present) {
      if (!party.equals(settings.leader())) {
        broadcast(party, round, parameters, digest);
      }
    }
    long[] addend;
    try {
      addend = local.addend(parameters, round);
    } catch (ProblemException e) {
      sum.abandon(e.problem());
      throw e;
    }
    return sum.run(addend);
  }

  /** A member that is gone is found so by the sum, which knows whether that may be. */
  private void broadcast(PartyId party, int round, float[] parameters, Digest digest) {
    try {
      Parameters.send(members.get(party), round, parameters, digest);
    } catch (ProblemException e) {
      if (e.problem().code() == ErrorCode.CANCELLED) {
        throw e;
      }
    }
  }

  private float[] mean(float[] parameters, long[] sum, int parties) {
    float[] next = new float[parameters.length];
    for (int i = 0; i < next.length; i++) {
      next[i] = (float) (parameters[i] + settings.deltas().mean(sum[i], parties));
    }
    return next;
  }
}

package hesuan.learn;

import hesuan.aggregate.PartySigner;
import hesuan.aggregate.PartyVerifier;
import hesuan.aggregate.SecureSumMember;
import hesuan.aggregate.SumReceipt;
import hesuan.channel.Channel;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;

/** A party that trains on its rows and lets out masked changes only. One use, one thread. */
public final class FederatedAveragingMember {
  private final LearningSettings settings;
  private final Channel leader;
  private final PartySigner signer;
  private final PartyVerifier verifier;
  private final SecureRandom random;

  public FederatedAveragingMember(
      LearningSettings settings,
      Channel leader,
      PartySigner signer,
      PartyVerifier verifier,
      SecureRandom random) {
    this.settings = settings;
    this.leader = leader;
    this.signer = signer;
    this.verifier = verifier;
    this.random = random;
  }

  /**
   * @throws ProblemException whatever ended the training, also where another party did
   */
  public TrainedModel run(Trainer.Model model, Examples training, Examples heldOut) {
    LocalRound local =
        new LocalRound(model, training, heldOut, settings.deltas(), settings.rounds());
    List<Digest> transcripts = new ArrayList<>();
    List<PartyId> present = settings.roster();
    float[] parameters = new float[0];
    for (int round = 0; round <= settings.rounds(); round++) {
      parameters = Parameters.receive(leader, round, model.parameterCount());
      // The roster of a round is who this party agreed had survived the last: no other is taken.
      SumReceipt receipt = sum(local, parameters, round, present);
      present = receipt.survivors();
      transcripts.add(receipt.transcript());
    }
    return new TrainedModel(
        parameters, Parameters.digest(parameters), List.of(), present, transcripts);
  }

  private SumReceipt sum(LocalRound local, float[] parameters, int round, List<PartyId> present) {
    SecureSumMember sum =
        new SecureSumMember(
            settings.sum(round, present, Parameters.digest(parameters), local.length(round)),
            leader,
            signer,
            verifier,
            random);
    long[] addend;
    try {
      addend = local.addend(parameters, round);
    } catch (ProblemException e) {
      sum.abandon(e.problem());
      throw e;
    }
    return sum.run(addend);
  }
}

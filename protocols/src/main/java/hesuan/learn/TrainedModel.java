package hesuan.learn;

import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import java.util.List;

/**
 * What federated averaging ends with; parameters are everyone's, the curve only the leader's.
 *
 * @param digest of the parameters
 * @param curve before the first round and after each; empty at members
 * @param parties who took part to the end
 * @param transcripts of the secure sums, in order
 */
public record TrainedModel(
    float[] parameters,
    Digest digest,
    List<Round> curve,
    List<PartyId> parties,
    List<Digest> transcripts) {

  /**
   * @param round how many rounds of training the measured parameters have behind them
   * @param clipped changes of parameters, over all parties, that were cut to the limit in the round
   *     that follows; many mean a learning rate too high
   */
  public record Round(int round, Evaluation.Metrics heldOut, int parties, long clipped) {}

  public TrainedModel {
    curve = List.copyOf(curve);
    parties = List.copyOf(parties);
    transcripts = List.copyOf(transcripts);
  }
}

package hesuan.learn;

import hesuan.aggregate.SecureSumSettings;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.util.List;

/**
 * What all parties agree on before they learn.
 *
 * @param session names job, step and attempt
 * @param roster every party, the leader among them; each weighs the same, so that no weight tells
 *     how many rows a party has
 * @param rounds of training, each from everyone's mean of the one before
 * @param minCohort fewest parties in a round, at least 3
 * @param tolerateLoss go on without a party that is lost, while the cohort holds
 */
public record LearningSettings(
    Digest session,
    List<PartyId> roster,
    PartyId leader,
    int rounds,
    int minCohort,
    boolean tolerateLoss,
    FixedPoint deltas) {
  private static final int ROUNDS_MAX = 1000;

  public LearningSettings {
    roster = List.copyOf(roster);
    if (rounds < 1 || rounds > ROUNDS_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "rounds", "1 to " + ROUNDS_MAX, "" + rounds);
    }
  }

  /**
   * The sum of one round. Its session names the parameters that this party got: one to which the
   * leader sent others is refused by the sum, before anything learned from them leaves it.
   */
  SecureSumSettings sum(int round, List<PartyId> present, Digest parameters, int length) {
    Digest name =
        Digest.ofDocument(
            new RoundName(
                "hesuan/federated-averaging/v1",
                session,
                round,
                rounds,
                parameters,
                deltas.fractionBits(),
                deltas.limit()));
    return new SecureSumSettings(name, present, leader, length, minCohort, tolerateLoss, false);
  }

  private record RoundName(
      String protocol,
      Digest session,
      int round,
      int rounds,
      Digest parameters,
      int fractionBits,
      int limit) {}
}

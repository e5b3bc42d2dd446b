package hesuan.learn;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;

/**
 * What a party adds in one round: the quantised change of each parameter, how many were clipped,
 * and the held-out counts of the parameters it started from. After the last round only the counts.
 */
record LocalRound(
    Trainer.Model model, Examples training, Examples heldOut, FixedPoint deltas, int rounds) {

  int length(int round) {
    return heldOutAt(round) + Evaluation.CELLS;
  }

  int clippedAt() {
    return model.parameterCount();
  }

  int heldOutAt(int round) {
    return round < rounds ? model.parameterCount() + 1 : 0;
  }

  long[] addend(float[] parameters, int round) {
    if (training.rows() == 0) {
      throw new ProblemException(ErrorCode.SOURCE_EMPTY, "training", "rows to train on", "none");
    }
    long[] addend = new long[length(round)];
    if (round < rounds) {
      float[] trained = model.train(parameters, training, round);
      for (int i = 0; i < trained.length; i++) {
        float change = trained[i] - parameters[i];
        addend[i] = deltas.quantise(change);
        addend[clippedAt()] += deltas.clips(change) ? 1 : 0;
      }
    }
    long[] counts = Evaluation.count(model.scores(parameters, heldOut), heldOut.labels());
    System.arraycopy(counts, 0, addend, heldOutAt(round), counts.length);
    return addend;
  }
}

package hesuan.learn;

/**
 * How good scores are, as counts that can be added over parties: rows of each label by bin of the
 * score, right answers, and the loss in millionths. No party's own figures can be told from the
 * sum.
 */
public final class Evaluation {
  private static final int BINS = 256;

  /** Cells of the vector of counts. */
  public static final int CELLS = 2 * BINS + 2;

  private static final int CORRECT = 2 * BINS;
  private static final int LOSS = 2 * BINS + 1;
  private static final double LOSS_UNIT = 1e-6;
  private static final double CERTAIN = 1e-7;

  private Evaluation() {}

  /**
   * @param rows held-out rows of all parties together
   * @param auc area under the ROC curve, from scores in 256 bins; a tie within a bin counts half
   * @param accuracy share of rows on the right side of one half
   * @param logLoss mean, in nats
   */
  public record Metrics(long rows, double auc, double accuracy, double logLoss) {}

  public static long[] count(float[] scores, float[] labels) {
    long[] cells = new long[CELLS];
    for (int row = 0; row < labels.length; row++) {
      double score = Math.clamp(scores[row], CERTAIN, 1 - CERTAIN);
      boolean positive = labels[row] == 1;
      int bin = Math.min(BINS - 1, (int) (score * BINS));
      cells[positive ? bin : BINS + bin]++;
      cells[CORRECT] += score >= 0.5 == positive ? 1 : 0;
      cells[LOSS] += Math.round(-Math.log(positive ? score : 1 - score) / LOSS_UNIT);
    }
    return cells;
  }

  /**
   * @param cells holds the summed counts from {@code offset} on
   */
  public static Metrics metrics(long[] cells, int offset) {
    long positives = 0;
    long negatives = 0;
    double won = 0;
    for (int bin = 0; bin < BINS; bin++) {
      long p = cells[offset + bin];
      long n = cells[offset + BINS + bin];
      won += (double) p * negatives + 0.5 * p * n;
      positives += p;
      negatives += n;
    }
    long rows = positives + negatives;
    double pairs = (double) positives * negatives;
    return new Metrics(
        rows,
        pairs == 0 ? 0.5 : won / pairs,
        rows == 0 ? 0 : (double) cells[offset + CORRECT] / rows,
        rows == 0 ? 0 : cells[offset + LOSS] * LOSS_UNIT / rows);
  }
}

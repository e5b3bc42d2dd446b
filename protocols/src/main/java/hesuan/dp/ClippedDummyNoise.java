package hesuan.dp;

import hesuan.wire.Epsilon;

/**
 * Noise that can be added as dummy items, of which there cannot be fewer than none: {@code offset +
 * discrete Laplace}, clipped to {@code [0, 2 * offset]}. The offset is public and is subtracted
 * from the count.
 *
 * <p>Privacy: for two neighbouring counts, which differ by at most the sensitivity s, the outcomes
 * differ by a factor {@code e^epsilon} except where either end is clipped. That mass is at most
 * {@code P(|noise| >= offset - s + 1) = 2 q^(offset-s+1) / (1+q)}, {@code q = exp(-epsilon/s)}; the
 * offset is the least for which it is at most delta (plus one, for the rounding of the logarithm).
 */
public final class ClippedDummyNoise {
  private final DiscreteLaplace noise;
  private final NoiseScale scale;
  private final long offset;

  private ClippedDummyNoise(NoiseScale scale, long offset) {
    this.noise = new DiscreteLaplace(scale);
    this.scale = scale;
    this.offset = offset;
  }

  /**
   * @param delta a decimal above 0 and below 1, such as {@code "0.0000001"}
   * @param sensitivity the most by which one person can change the counts noised together
   */
  public static ClippedDummyNoise of(Epsilon epsilon, String delta, long sensitivity) {
    NoiseScale scale = NoiseScale.of(epsilon, sensitivity);
    double rate = scale.rate();
    double steps = Math.log(2 / (Delta.parse(delta).toDouble() * (1 + Math.exp(-rate)))) / rate;
    long offset = Math.addExact(sensitivity, (long) Math.ceil(Math.max(0, steps)));
    return new ClippedDummyNoise(scale, offset);
  }

  /** What to subtract from a count that holds these dummies. */
  public long offset() {
    return offset;
  }

  /** The most dummies that a draw can ask for. */
  public long countMax() {
    return 2 * offset;
  }

  /** How many dummies to add: 0 to {@link #countMax()}. */
  public long draw(BitPool bits) {
    return offset + Math.clamp(noise.draw(bits), -offset, offset);
  }

  /**
   * @param helpers how many independent parties each added dummies
   */
  public NoiseInterval interval(int helpers, int confidencePercent) {
    return NoiseInterval.of(scale, helpers, confidencePercent); // clipping only brings noise nearer
  }
}

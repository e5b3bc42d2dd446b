package hesuan.dp;

import java.util.function.LongToDoubleFunction;

/** A kind of noise and how wide it is: what a plan states, and all that a receiver may know. */
public sealed interface Noise permits NoiseScale, NoiseVariance {
  /** What draws it, exactly. */
  NoiseSource source();

  /**
   * The function {@code w -> P(|x| > w)}, or slightly more, for the sum x of this many independent
   * draws: for intervals, never for what is drawn.
   */
  LongToDoubleFunction tail(int addends);
}

package hesuan.dp;

/** Draws integers exactly from one distribution, symmetric around zero. Without state. */
public sealed interface NoiseSource permits DiscreteLaplace, DiscreteGaussian {
  long draw(BitPool bits);

  default long[] draw(BitPool bits, int count) {
    long[] noise = new long[count];
    for (int i = 0; i < count; i++) {
      noise[i] = draw(bits);
    }
    return noise;
  }
}

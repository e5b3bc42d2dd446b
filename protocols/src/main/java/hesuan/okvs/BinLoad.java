package hesuan.okvs;

/** How full bins get that keys fall into at random. */
public final class BinLoad {
  private BinLoad() {}

  /**
   * A load that no bin exceeds but with probability 2^-bits over all bins, by the Chernoff bound
   * for a binomial: P(X &gt; L) &le; exp(-keys KL((L + 1) / keys, 1 / bins)).
   */
  public static int max(int keys, int bins, int bits) {
    if (bins == 1) {
      return keys;
    }
    double wanted = bits * StrictMath.log(2) + StrictMath.log(bins);
    double p = 1.0 / bins;
    int load = keys / bins;
    while (load < keys) {
      double x = (load + 1.0) / keys;
      double rest = x < 1 ? (1 - x) * StrictMath.log((1 - x) / (1 - p)) : 0;
      if (keys * (x * StrictMath.log(x / p) + rest) >= wanted) {
        return load;
      }
      load++;
    }
    return keys;
  }
}

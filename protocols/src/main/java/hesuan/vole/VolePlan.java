package hesuan.vole;

import hesuan.wire.Digest;

/**
 * How many elements are made in what way. Up to {@link #SHORT_MAX} all travel. Above, n outputs
 * come from N inputs of which one in each of t runs of equal length is noise, and t is such that (1
 * - d/N)^t is at most 2^-128 where d/N = 0.11: docs/protocols/vole.md argues both.
 *
 * @param outputs n, at least the count asked for
 * @param trees t, as many as noisy inputs
 * @param leaves of a tree; N is the product
 */
record VolePlan(int outputs, int trees, int leaves) {
  static final int SHORT_MAX = 1024;
  static final int WEIGHT = 762;
  private static final int OUTPUTS_MIN = 1 << 16;

  static VolePlan of(int count) {
    int outputs = Math.max(count, OUTPUTS_MIN);
    int leaves = (2 * outputs + WEIGHT - 1) / WEIGHT;
    return new VolePlan(outputs, WEIGHT, leaves);
  }

  /** The same for both ends of a session, and another for every session. */
  BlockAccumulateCode code(Digest session) {
    return new BlockAccumulateCode(trees * leaves, outputs, session.bytes());
  }

  TreeLayout layout() {
    return new TreeLayout(trees, leaves);
  }
}

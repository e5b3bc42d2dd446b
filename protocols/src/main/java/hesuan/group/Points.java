package hesuan.group;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Operations on many elements as flat encodings, 32 bytes each, spread over the caller's workers.
 */
public final class Points {
  private Points() {}

  /** out[i] = scalar H(keys[i]), keys of 32 bytes, hashed under the domain separation tag. */
  public static void hashMultiply(
      String domain, byte[] keys, int items, Scalar scalar, byte[] out, Workers workers) {
    workers.split(
        items,
        (from, to) -> {
          Edwards curve = new Edwards();
          HashToGroup hash = new HashToGroup(domain);
          byte[] uniform = new byte[64];
          long[] point = new long[Edwards.POINT];
          for (int i = from; i < to; i++) {
            hash.expand(keys, i * 32, 32, uniform);
            curve.map(point, 0, uniform, 0);
            curve.multiply(point, 0, point, 0, scalar.bytes(), 0);
            curve.encode(out, i * 32, point, 0);
          }
        });
  }

  /**
   * out[i] = scalar in[i].
   *
   * @return the number of inputs that are no element or the identity; the output is then unfit for
   *     use
   */
  public static int multiply(byte[] in, int items, Scalar scalar, byte[] out, Workers workers) {
    AtomicInteger bad = new AtomicInteger();
    workers.split(
        items,
        (from, to) -> {
          Edwards curve = new Edwards();
          long[] point = new long[Edwards.POINT];
          for (int i = from; i < to; i++) {
            if (!decodeProper(curve, point, in, i * 32)) {
              bad.incrementAndGet();
            } else {
              curve.multiply(point, 0, point, 0, scalar.bytes(), 0);
              curve.encode(out, i * 32, point, 0);
            }
          }
        });
    return bad.get();
  }

  /** Decodes anything but the identity. */
  static boolean decodeProper(Edwards curve, long[] point, byte[] in, int at) {
    return curve.decode(point, 0, in, at) && !curve.isIdentity(point, 0);
  }
}

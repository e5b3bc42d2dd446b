package hesuan.group;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Operations on many elements as flat encodings, 32 bytes each, spread over the caller's workers;
 * large batches go through vectors where there are any.
 */
public final class Points {
  private Points() {}

  /** out[i] = scalar H(keys[i]), keys of 32 bytes, hashed under the domain separation tag. */
  public static void hashMultiply(
      String domain, byte[] keys, int items, Scalar scalar, byte[] out, Workers workers) {
    workers.split(
        items,
        (from, to) -> {
          HashToGroup hash = new HashToGroup(domain);
          if (Lanes.use(to - from)) {
            hashMultiplyInLanes(hash, keys, from, to, scalar, out);
          } else {
            hashMultiplyOneByOne(hash, keys, from, to, scalar, out);
          }
        });
  }

  private static void hashMultiplyOneByOne(
      HashToGroup hash, byte[] keys, int from, int to, Scalar scalar, byte[] out) {
    Edwards curve = new Edwards();
    byte[] uniform = new byte[64];
    long[] point = new long[Edwards.POINT];
    for (int i = from; i < to; i++) {
      hash.expand(keys, i * 32, 32, uniform, 0, 64);
      curve.map(point, 0, uniform, 0);
      curve.multiply(point, 0, point, 0, scalar.bytes(), 0);
      curve.encode(out, i * 32, point, 0);
    }
  }

  private static void hashMultiplyInLanes(
      HashToGroup hash, byte[] keys, int from, int to, Scalar scalar, byte[] out) {
    byte[] check = new byte[32];
    hashMultiplyOneByOne(
        hash, Arrays.copyOfRange(keys, from * 32, from * 32 + 32), 0, 1, scalar, check);
    LaneCurve lanes = new LaneCurve();
    byte[] uniform = new byte[LaneCurve.BATCH * 64];
    for (int start = from; start < to; start += LaneCurve.BATCH) {
      int count = Math.min(LaneCurve.BATCH, to - start);
      for (int i = 0; i < count; i++) {
        hash.expand(keys, (start + i) * 32, 32, uniform, i * 64, 64);
      }
      lanes.mapMultiply(uniform, count, scalar, out, start);
    }
    Lanes.check(check, out, from, 32);
  }

  /**
   * out[i] = scalar in[i]; both may be the same array.
   *
   * @return the number of inputs that are no element or the identity; the output is then unfit for
   *     use
   */
  public static int multiply(byte[] in, int items, Scalar scalar, byte[] out, Workers workers) {
    AtomicInteger bad = new AtomicInteger();
    workers.split(
        items,
        (from, to) ->
            bad.addAndGet(
                Lanes.use(to - from)
                    ? multiplyInLanes(in, from, to, scalar, out)
                    : multiplyOneByOne(in, from, to, scalar, out)));
    return bad.get();
  }

  private static int multiplyOneByOne(byte[] in, int from, int to, Scalar scalar, byte[] out) {
    Edwards curve = new Edwards();
    long[] point = new long[Edwards.POINT];
    int bad = 0;
    for (int i = from; i < to; i++) {
      if (!decodeProper(curve, point, in, i * 32)) {
        bad++;
      } else {
        curve.multiply(point, 0, point, 0, scalar.bytes(), 0);
        curve.encode(out, i * 32, point, 0);
      }
    }
    return bad;
  }

  private static int multiplyInLanes(byte[] in, int from, int to, Scalar scalar, byte[] out) {
    byte[] check = Arrays.copyOfRange(in, from * 32, from * 32 + 32);
    boolean proper = multiplyOneByOne(check, 0, 1, scalar, check) == 0;
    int bad = new LaneCurve().multiply(in, from, to, scalar, out);
    if (proper) {
      Lanes.check(check, out, from, 32);
    }
    return bad;
  }

  /** Decodes anything but the identity. */
  static boolean decodeProper(Edwards curve, long[] point, byte[] in, int at) {
    return curve.decode(point, 0, in, at) && !curve.isIdentity(point, 0);
  }
}

package hesuan.group;

import java.util.Arrays;
import java.util.Random;

/**
 * Whether batches go through {@link LaneCurve}: where the process has the Vector API, the machine
 * has vectors of at least four longs, and the vector code gives what the scalar code gives. Found
 * out once, when the first large batch comes. C2 has miscompiled this multiplication pattern
 * before, and it compiles long after the start, so {@link Points} also checks one item of every
 * batch.
 */
final class Lanes {
  /** Below this many items the vector code doesn't repay its compilation. */
  static final int ITEMS_MIN = 256;

  private static final boolean USABLE =
      ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
          && LaneField.LANES >= 4
          && agree();

  private Lanes() {}

  static boolean use(int items) {
    return items >= ITEMS_MIN && USABLE;
  }

  /** One item of every batch is computed on both paths: that item of out must be the same. */
  static void check(byte[] expected, byte[] out, int item, int bytes) {
    if (!Arrays.equals(expected, 0, bytes, out, item * bytes, (item + 1) * bytes)) {
      throw disagreement();
    }
  }

  static IllegalStateException disagreement() {
    return new IllegalStateException("vector and scalar arithmetic disagree on this machine");
  }

  private static boolean agree() {
    int items = LaneField.LANES + 1;
    byte[] uniform = new byte[items * 64];
    new Random(1).nextBytes(uniform);
    Arrays.fill(uniform, 64, 128, (byte) 0xff);
    Scalar scalar = Scalar.of(3).inverse();
    byte[] mapped = new byte[items * 32];
    byte[] multiplied = new byte[items * 32];
    LaneCurve lanes = new LaneCurve();
    lanes.mapMultiply(uniform, items, scalar, mapped, 0);
    boolean proper = lanes.multiply(mapped, 0, items, scalar, multiplied) == 0;
    return proper
        && Arrays.equals(mapped, mappedOneByOne(uniform, items, scalar))
        && Arrays.equals(multiplied, multipliedOneByOne(mapped, items, scalar));
  }

  private static byte[] mappedOneByOne(byte[] uniform, int items, Scalar scalar) {
    Edwards curve = new Edwards();
    long[] point = new long[Edwards.POINT];
    byte[] out = new byte[items * 32];
    for (int i = 0; i < items; i++) {
      curve.map(point, 0, uniform, i * 64);
      curve.multiply(point, 0, point, 0, scalar.bytes(), 0);
      curve.encode(out, i * 32, point, 0);
    }
    return out;
  }

  private static byte[] multipliedOneByOne(byte[] in, int items, Scalar scalar) {
    Edwards curve = new Edwards();
    long[] point = new long[Edwards.POINT];
    byte[] out = new byte[items * 32];
    for (int i = 0; i < items; i++) {
      curve.decode(point, 0, in, i * 32);
      curve.multiply(point, 0, point, 0, scalar.bytes(), 0);
      curve.encode(out, i * 32, point, 0);
    }
    return out;
  }
}

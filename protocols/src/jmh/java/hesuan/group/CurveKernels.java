package hesuan.group;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Decode, multiply, encode; and map, multiply, encode: in vector lanes and one by one. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class CurveKernels {
  private static final int ITEMS = 512;

  private final LaneCurve lanes = new LaneCurve();
  private final Edwards curve = new Edwards();
  private final long[] point = new long[Edwards.POINT];
  private final byte[] uniform = new byte[ITEMS * 64];
  private final byte[] points = new byte[ITEMS * 32];
  private final byte[] out = new byte[ITEMS * 32];
  private final Scalar scalar = Scalar.of(3).inverse();

  @Setup
  public void twinsAgree() {
    new Random(1).nextBytes(uniform);
    System.arraycopy(mapInLanes(), 0, points, 0, points.length);
    require(points, mapOneByOne());
    require(multiplyInLanes().clone(), multiplyOneByOne());
  }

  @Benchmark
  @OperationsPerInvocation(ITEMS)
  public byte[] mapInLanes() {
    lanes.mapMultiply(uniform, ITEMS, scalar, out, 0);
    return out;
  }

  @Benchmark
  @OperationsPerInvocation(ITEMS)
  public byte[] mapOneByOne() {
    for (int i = 0; i < ITEMS; i++) {
      curve.map(point, 0, uniform, i * 64);
      multiplied(i);
    }
    return out;
  }

  @Benchmark
  @OperationsPerInvocation(ITEMS)
  public byte[] multiplyInLanes() {
    lanes.multiply(points, 0, ITEMS, scalar, out);
    return out;
  }

  @Benchmark
  @OperationsPerInvocation(ITEMS)
  public byte[] multiplyOneByOne() {
    for (int i = 0; i < ITEMS; i++) {
      curve.decode(point, 0, points, i * 32);
      multiplied(i);
    }
    return out;
  }

  private void multiplied(int i) {
    curve.multiply(point, 0, point, 0, scalar.bytes(), 0);
    curve.encode(out, i * 32, point, 0);
  }

  private static void require(byte[] lanes, byte[] oneByOne) {
    if (!Arrays.equals(lanes, oneByOne)) {
      throw Lanes.disagreement();
    }
  }
}

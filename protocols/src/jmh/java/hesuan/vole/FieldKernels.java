package hesuan.vole;

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

/** Products in GF(2^128) by tables and by shifts; squares of bits by halves and bit by bit. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FieldKernels {
  private static final int ITEMS = 4096;

  private final long[] in = new long[2 * ITEMS];
  private final long[] out = new long[2 * ITEMS];
  private final long[] square = new long[64];
  private long factor0;
  private long factor1;
  private Gf128Multiplier multiplier;

  @Setup
  public void twinsAgree() {
    Random random = new Random(2);
    Arrays.setAll(in, _ -> random.nextLong());
    Arrays.setAll(square, _ -> random.nextLong());
    factor0 = random.nextLong();
    factor1 = random.nextLong();
    multiplier = new Gf128Multiplier(factor0, factor1);
    require(multiplyByTables().clone(), multiplyByShifts());
    long[] before = square.clone();
    long[] bitByBit = transposeBitByBit();
    require(transposeByHalves(), bitByBit);
    require(transposeByHalves(), before);
  }

  @Benchmark
  @OperationsPerInvocation(ITEMS)
  public long[] multiplyByTables() {
    multiplier.multiply(in, 0, out, 0, ITEMS);
    return out;
  }

  @Benchmark
  @OperationsPerInvocation(ITEMS)
  public long[] multiplyByShifts() {
    for (int i = 0; i < ITEMS; i++) {
      Gf128.multiply(out, i, in[2 * i], in[2 * i + 1], factor0, factor1);
    }
    return out;
  }

  @Benchmark
  public long[] transposeByHalves() {
    BitSquare.transpose(square);
    return square;
  }

  @Benchmark
  public long[] transposeBitByBit() {
    long[] transposed = new long[64];
    for (int row = 0; row < 64; row++) {
      for (int column = 0; column < 64; column++) {
        transposed[column] |= (square[row] >>> column & 1) << row;
      }
    }
    return transposed;
  }

  private static void require(long[] one, long[] other) {
    if (!Arrays.equals(one, other)) {
      throw new IllegalStateException("the twins disagree on this machine");
    }
  }
}

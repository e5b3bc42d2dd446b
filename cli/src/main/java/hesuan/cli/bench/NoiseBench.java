package hesuan.cli.bench;

import hesuan.cli.Console;
import hesuan.dp.BitPool;
import hesuan.dp.NoiseScale;
import hesuan.dp.NoiseSource;
import hesuan.dp.NoiseVariance;
import hesuan.wire.Epsilon;
import hesuan.wire.SecretBytes;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Exact integer noise, drawn by one thread. */
@Command(name = "noise", description = "Exact noise on integers. 整数上的精确噪声。")
final class NoiseBench extends Bench {
  @Option(
      names = "--draws",
      paramLabel = "N",
      defaultValue = "2000000",
      description = "In a run. 每次抽取个数。")
  int draws;

  @Option(
      names = "--epsilon",
      paramLabel = "E",
      defaultValue = "0.1",
      description =
          "Of each Laplace draw for sensitivity 1; the Gaussian has the same variance. 灵敏度为 1 时每次拉普拉斯抽取的 ε；高斯噪声方差相同。")
  String epsilon = "0.1";

  @Override
  Figures measure(Console console) throws Exception {
    NoiseScale scale = NoiseScale.of(Epsilon.parse(epsilon), 1);
    BigInteger squared = BigInteger.valueOf(scale.numerator()).pow(2).shiftLeft(1);
    NoiseVariance variance =
        new NoiseVariance(squared, BigInteger.valueOf(scale.denominator()).pow(2));
    List<Long> laplace = nanosByRun(() -> drawn(scale.source()));
    List<Long> gaussian = nanosByRun(() -> drawn(variance.source()));
    double laplaceSeconds = Figures.warmMedianSeconds(laplace);
    double gaussianSeconds = Figures.warmMedianSeconds(gaussian);
    return new Figures(
        "noise",
        Map.of("draws", draws, "epsilon", epsilon, "noise", "discrete, exact"),
        "random bits and rejection; one thread",
        laplaceSeconds + gaussianSeconds,
        (laplace.getFirst() + gaussian.getFirst()) / 1e9,
        0,
        Memory.peakBytes(),
        Map.of(
            "nanosPerDraw",
            Map.of(
                "laplace", laplaceSeconds / draws * 1e9,
                "gaussian", gaussianSeconds / draws * 1e9)));
  }

  private long drawn(NoiseSource source) {
    byte[] seed = new byte[BitPool.SEED_BYTES];
    new SecureRandom().nextBytes(seed);
    BitPool bits = BitPool.of(new SecretBytes(seed), "bench");
    long sum = 0;
    for (int i = 0; i < draws; i++) {
      sum += source.draw(bits);
    }
    return sum;
  }
}

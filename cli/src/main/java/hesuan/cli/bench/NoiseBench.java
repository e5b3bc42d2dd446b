package hesuan.cli.bench;

import hesuan.cli.Console;
import hesuan.dp.BitPool;
import hesuan.dp.DiscreteLaplace;
import hesuan.dp.NoiseScale;
import hesuan.wire.Epsilon;
import hesuan.wire.SecretBytes;
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

  @Option(names = "--epsilon", defaultValue = "0.1", description = "Of each draw. 每次抽取的 ε。")
  String epsilon = "0.1";

  @Override
  Figures measure(Console console) throws Exception {
    DiscreteLaplace laplace = new DiscreteLaplace(NoiseScale.of(Epsilon.parse(epsilon), 1));
    byte[] seed = new byte[32];
    new SecureRandom().nextBytes(seed);
    long[] sum = new long[1];
    int[] turn = new int[1];
    List<Long> nanos =
        nanosByRun(
            () -> {
              BitPool bits = BitPool.of(new SecretBytes(seed), "bench", "" + turn[0]++);
              for (int i = 0; i < draws; i++) {
                sum[0] += laplace.draw(bits);
              }
              return sum[0];
            });
    double seconds = Figures.warmMedianSeconds(nanos);
    return new Figures(
        "noise",
        Map.of("draws", draws, "epsilon", epsilon, "noise", "discrete Laplace, exact"),
        "random bits and rejection; one thread",
        seconds,
        nanos.getFirst() / 1e9,
        0,
        Memory.peakBytes(),
        Map.of("nanosPerDraw", seconds / draws * 1e9));
  }
}

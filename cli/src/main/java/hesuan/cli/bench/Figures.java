package hesuan.cli.bench;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The shape of every bench.
 *
 * @param work what was measured, in one or a few words
 * @param bound what limits it, in one sentence
 * @param seconds median of the warm runs; where parties compute together, the slowest one's
 * @param coldSeconds of the first run of a fresh process
 * @param bytesSent by all parties in one run, before TLS
 * @param peakMemoryBytes resident, of the largest process, from its start
 * @param more figures that only this bench has
 */
public record Figures(
    String work,
    Map<String, Object> parameters,
    String bound,
    double seconds,
    double coldSeconds,
    long bytesSent,
    long peakMemoryBytes,
    Map<String, Object> more) {
  public Figures {
    parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    more = Collections.unmodifiableMap(new LinkedHashMap<>(more));
  }

  /** One flat object: the common figures first. */
  Map<String, Object> document() {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("work", work);
    document.put("parameters", parameters);
    document.put("bound", bound);
    document.put("seconds", seconds);
    document.put("coldSeconds", coldSeconds);
    document.put("bytesSent", bytesSent);
    document.put("peakMemoryBytes", peakMemoryBytes);
    document.putAll(more);
    return document;
  }

  /** Of the runs after the first, which is cold and counts where it is the only one. */
  static double warmMedianSeconds(List<Long> nanosByRun) {
    int cold = nanosByRun.size() > 1 ? 1 : 0;
    long[] warm = nanosByRun.stream().skip(cold).mapToLong(Long::longValue).toArray();
    Arrays.sort(warm);
    return warm[warm.length / 2] / 1e9;
  }
}

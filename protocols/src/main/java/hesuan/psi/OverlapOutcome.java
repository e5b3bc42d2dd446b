package hesuan.psi;

import hesuan.wire.Digest;
import java.util.List;

/**
 * What the leader holds at the end.
 *
 * @param noisyCounts per group, with the public offsets taken away; noise can make one negative
 * @param transcript of everything that was said, the same at every party; it reveals nothing
 */
public record OverlapOutcome(List<Long> noisyCounts, Digest transcript) {
  public OverlapOutcome {
    noisyCounts = List.copyOf(noisyCounts);
  }
}

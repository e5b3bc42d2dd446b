package hesuan.aggregate;

import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import java.util.List;

/**
 * What the leader has at the end.
 *
 * @param sum modulo 2^64, of the survivors' addends
 * @param survivors whose addends are in the sum, the leader among them
 * @param transcript the same at every party; commits to every masked vector
 */
public record SumOutcome(long[] sum, List<PartyId> survivors, Digest transcript) {
  public SumOutcome {
    survivors = List.copyOf(survivors);
  }
}

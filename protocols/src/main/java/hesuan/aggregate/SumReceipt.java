package hesuan.aggregate;

import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import java.util.List;

/**
 * What a member has at the end.
 *
 * @param survivors whose addends are in the sum, the leader among them
 * @param transcript the same at every party; commits to every masked vector
 */
public record SumReceipt(List<PartyId> survivors, Digest transcript) {
  public SumReceipt {
    survivors = List.copyOf(survivors);
  }
}

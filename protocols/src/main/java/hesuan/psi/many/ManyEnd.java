package hesuan.psi.many;

import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import java.util.Map;

/**
 * How a run ended whose matches went to a {@link hesuan.psi.BucketSink}.
 *
 * @param sizes what each party told of its size
 * @param transcript of everything that was said between any two, the same at all; it reveals
 *     nothing
 */
public record ManyEnd(Map<PartyId, Integer> sizes, Digest transcript) {
  public ManyEnd {
    sizes = Map.copyOf(sizes);
  }
}

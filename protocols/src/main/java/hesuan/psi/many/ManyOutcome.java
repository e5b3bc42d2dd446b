package hesuan.psi.many;

import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import java.util.Map;

/**
 * What a party holds at the end.
 *
 * @param learns whether this party was to learn; without it matches are empty
 * @param matches which of the own items all others have too, by their numbers, ascending
 * @param sizes what each party told of its size
 * @param transcript of everything that was said between any two, the same at all; it reveals
 *     nothing
 */
public record ManyOutcome(
    boolean learns, int[] matches, Map<PartyId, Integer> sizes, Digest transcript) {
  public ManyOutcome {
    sizes = Map.copyOf(sizes);
  }
}

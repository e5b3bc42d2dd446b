package hesuan.aggregate;

import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Contributors by their place, each with the digest of its contribution: those of whom an
 * aggregator holds a part, and those whom both agree to add.
 */
record Agreed(SortedMap<Integer, byte[]> contributions) {
  private static final int DIGEST = 32;

  static int bytesMax(TwoAggregatorSettings settings) {
    return 2 + settings.contributors().size() * (2 + DIGEST);
  }

  byte[] encode() {
    Fields.Writer out = new Fields.Writer();
    out.number(contributions.size());
    contributions.forEach((place, digest) -> out.number(place).fixed(digest));
    return out.bytes();
  }

  static Agreed decode(Fields.Reader in, TwoAggregatorSettings settings) {
    SortedMap<Integer, byte[]> contributions = new TreeMap<>();
    for (int left = in.number(); left > 0; left--) {
      int place = in.number();
      if (place >= settings.contributors().size()
          || !contributions.isEmpty() && contributions.lastKey() >= place) {
        throw in.violation("contributors, ascending, each once", "place " + place);
      }
      contributions.put(place, in.fixed(DIGEST));
    }
    return new Agreed(contributions);
  }

  /**
   * Whether these are among those held.
   *
   * @param all none is left out: they are in the other half already
   */
  boolean covers(Agreed agreed, boolean all) {
    return agreed.contributions.entrySet().stream()
            .allMatch(
                e -> {
                  byte[] here = contributions.get(e.getKey());
                  return here != null && Messages.same(here, e.getValue());
                })
        && (!all || agreed.contributions.size() == contributions.size());
  }

  byte[] statement(byte[] context, byte[] keys) {
    return Statement.of("set", context, keys, encode());
  }

  void requireCohort(TwoAggregatorSettings settings) {
    if (contributions.size() < settings.minCohort()) {
      throw new ProblemException(
          ErrorCode.GROUP_TOO_SMALL,
          "secure sum",
          "at least " + settings.minCohort() + " contributors",
          "" + contributions.size());
    }
  }

  List<PartyId> parties(TwoAggregatorSettings settings) {
    return contributions.keySet().stream().map(settings.contributors()::get).toList();
  }
}

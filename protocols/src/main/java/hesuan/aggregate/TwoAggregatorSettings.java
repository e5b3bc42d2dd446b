package hesuan.aggregate;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What contributors and aggregators must agree on. Every signature, key and share is bound to it.
 *
 * @param session names job, step and attempt
 * @param contributors whose vectors are added; kept sorted; an aggregator may be one of them
 * @param opening the aggregator that learns the sum
 * @param other the aggregator that must not collude with it
 * @param length cells of the vector
 * @param minCohort fewest addends in a sum that is opened
 * @param tolerateLoss leave out a contributor that is lost or sends nonsense, instead of ending
 * @param ranges in which each contributor proves its cells to lie, run after run; none where any
 *     number may come
 */
public record TwoAggregatorSettings(
    Digest session,
    List<PartyId> contributors,
    PartyId opening,
    PartyId other,
    int length,
    int minCohort,
    boolean tolerateLoss,
    List<CellRange> ranges) {
  private static final int COHORT_MIN = 3;

  public TwoAggregatorSettings {
    List<PartyId> sorted = contributors.stream().distinct().sorted().toList();
    if (sorted.size() != contributors.size()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "contributors", "each party once", "" + contributors);
    }
    if (opening.equals(other)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "aggregators", "two parties", opening + " twice");
    }
    if (minCohort < COHORT_MIN) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "minCohort", "at least " + COHORT_MIN, "" + minCohort);
    }
    if (sorted.size() < minCohort) {
      throw new ProblemException(
          ErrorCode.GROUP_TOO_SMALL,
          "contributors",
          "at least " + minCohort + " parties",
          "" + sorted.size());
    }
    if (sorted.size() > SecureSumSettings.PARTIES_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE,
          "contributors",
          "at most " + SecureSumSettings.PARTIES_MAX + " parties",
          "" + sorted.size());
    }
    if (length < 1 || length > SecureSumSettings.LENGTH_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE, "length", "1 to " + SecureSumSettings.LENGTH_MAX, "" + length);
    }
    ranges = List.copyOf(ranges);
    if (!ranges.isEmpty()) {
      CellRange.requireFits(ranges, length, sorted.size());
    }
    contributors = sorted;
  }

  boolean ranged() {
    return !ranges.isEmpty();
  }

  /** The settings in 32 bytes. */
  byte[] context() {
    List<byte[]> parts = new ArrayList<>();
    parts.add(session.bytes());
    parts.add(name(opening));
    parts.add(name(other));
    parts.add(Statement.integers(length, minCohort, tolerateLoss ? 1 : 0, contributors.size()));
    parts.add(CellRange.bytes(ranges));
    contributors.forEach(party -> parts.add(name(party)));
    return Digest.of(Statement.of("two-aggregators", new byte[0], parts.toArray(byte[][]::new)))
        .bytes();
  }

  static byte[] name(PartyId party) {
    return party.value().getBytes(StandardCharsets.US_ASCII);
  }
}

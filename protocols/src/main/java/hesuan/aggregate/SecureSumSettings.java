package hesuan.aggregate;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What all parties must agree on before they add. Every signature, key and mask is bound to it, so
 * a party with other settings is refused instead of spoiling the sum.
 *
 * @param session names job, step, attempt (and round) and must never come twice with the same
 *     addend's owner: masks are bound to it
 * @param roster every party, the leader among them; kept sorted
 * @param length cells of the vector
 * @param minCohort fewest addends in a sum that is finished
 * @param tolerateLoss finish without a party that is lost, while the cohort holds
 * @param noised each addend already carries noise for the full epsilon: only then may two parties
 *     add, and may one party alone help to unmask
 */
public record SecureSumSettings(
    Digest session,
    List<PartyId> roster,
    PartyId leader,
    int length,
    int minCohort,
    boolean tolerateLoss,
    boolean noised) {
  public static final int PARTIES_MAX = 1000;

  /** Up to so many parties everyone shares and masks with everyone. */
  static final int COMPLETE_MAX = 100;

  public static final int LENGTH_MAX = 10_000_000;

  public SecureSumSettings {
    List<PartyId> sorted = roster.stream().distinct().sorted().toList();
    if (sorted.size() != roster.size() || !sorted.contains(leader)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "roster",
          "each party once, and the leader " + leader,
          "" + roster);
    }
    int cohortMin = noised ? 2 : 3;
    if (minCohort < cohortMin) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "minCohort", "at least " + cohortMin, "" + minCohort);
    }
    if (sorted.size() < minCohort) {
      throw new ProblemException(
          ErrorCode.GROUP_TOO_SMALL,
          "roster",
          "at least " + minCohort + " parties",
          "" + sorted.size());
    }
    if (sorted.size() > PARTIES_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE, "roster", "at most " + PARTIES_MAX + " parties", "" + sorted.size());
    }
    if (length < 1 || length > LENGTH_MAX) {
      throw new ProblemException(ErrorCode.TOO_LARGE, "length", "1 to " + LENGTH_MAX, "" + length);
    }
    roster = sorted;
  }

  int members() {
    return roster.size() - 1;
  }

  /** Whether everyone shares secrets and masks with everyone ({@link Neighbours}). */
  boolean complete() {
    return roster.size() <= COMPLETE_MAX;
  }

  /**
   * Members who must sign one list of survivors. Without tolerance, all. With it, more than half,
   * so that a leader that tells two stories of who is lost finds signers for one only; half is
   * enough where what that would expose is noised already; more than two thirds in a large group,
   * where the leader may have many on its side.
   */
  int threshold() {
    if (!tolerateLoss) {
      return members();
    }
    if (!complete()) {
      return 2 * members() / 3 + 1;
    }
    return noised ? (members() + 1) / 2 : members() / 2 + 1;
  }

  /** Shares that give a member's secret back. */
  int sharesMin() {
    if (complete()) {
      return threshold();
    }
    return tolerateLoss ? Neighbours.CHOSEN_THRESHOLD : Neighbours.CHOSEN;
  }

  /** Members without whom the sum is not finished. */
  int membersMin() {
    return Math.max(threshold(), minCohort - 1);
  }

  int indexOf(PartyId party) {
    return roster.indexOf(party);
  }

  boolean isMember(int index) {
    return index >= 0 && index < roster.size() && !roster.get(index).equals(leader);
  }

  /** The settings in 32 bytes. */
  byte[] context() {
    List<byte[]> parts = new ArrayList<>();
    parts.add(session.bytes());
    parts.add(leader.value().getBytes(StandardCharsets.US_ASCII));
    parts.add(
        Statement.integers(
            length,
            minCohort,
            threshold(),
            sharesMin(),
            tolerateLoss ? 1 : 0,
            noised ? 1 : 0,
            roster.size()));
    roster.forEach(party -> parts.add(party.value().getBytes(StandardCharsets.US_ASCII)));
    return Digest.of(Statement.of("settings", new byte[0], parts.toArray(byte[][]::new))).bytes();
  }
}

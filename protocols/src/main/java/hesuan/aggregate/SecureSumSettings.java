package hesuan.aggregate;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
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
 * @param colluders how many members may side with the leader without getting two lists of survivors
 *     signed
 */
public record SecureSumSettings(
    Digest session,
    List<PartyId> roster,
    PartyId leader,
    int length,
    int minCohort,
    boolean tolerateLoss,
    boolean noised,
    int colluders) {
  public static final int PARTIES_MAX = 1000;

  /** Up to so many parties everyone shares and masks with everyone. */
  static final int COMPLETE_MAX = 100;

  /**
   * Signatures that a member of a larger group looks at, of its own choice ({@code
   * docs/adr/0034-sums-of-many-parties.md}).
   */
  static final int SAMPLE = 80;

  /** One in so many members on the leader's side is what a sample is enough for. */
  static final int COLLUDING_PART = 5;

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
    if (colluders < 0 || colluders >= sorted.size()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "colluders", "fewer than the parties", "" + colluders);
    }
    roster = sorted;
  }

  /** A sum for which it is enough that the leader deviates alone. */
  public SecureSumSettings(
      Digest session,
      List<PartyId> roster,
      PartyId leader,
      int length,
      int minCohort,
      boolean tolerateLoss,
      boolean noised) {
    this(session, roster, leader, length, minCohort, tolerateLoss, noised, 0);
  }

  /**
   * A sum of figures that carry shares of one noise ({@code hesuan.dp.JointNoise}). Less than the
   * shares of all reliable owners, and of one more whom the reader may be, protects nobody, so no
   * sum of fewer is opened; a share that is the whole noise protects its owner by itself.
   *
   * @param owners who add a share; other parties of the roster add nothing
   * @param unreliable how many of the owners may be missing or collude
   */
  public static SecureSumSettings ofShares(
      Digest session,
      List<PartyId> roster,
      PartyId leader,
      int length,
      Collection<PartyId> owners,
      int unreliable,
      boolean tolerateLoss) {
    if (owners.size() - unreliable == 1) {
      return new SecureSumSettings(session, roster, leader, length, 2, tolerateLoss, true);
    }
    int others = roster.size() - owners.size();
    // The leader is one of the unreliable owners, or one of the others.
    return new SecureSumSettings(
        session,
        roster,
        leader,
        length,
        owners.size() - unreliable + 1 + others,
        tolerateLoss,
        false,
        unreliable + others - 1);
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
   * where the leader may have many on its side. Each colluder may sign both stories.
   */
  int threshold() {
    if (!tolerateLoss) {
      return members();
    }
    int honest = (members() + colluders) / 2 + 1;
    if (!complete()) {
      return Math.max(2 * members() / 3 + 1, honest);
    }
    return noised ? (members() + 1) / 2 : honest;
  }

  /** Shares that give a member's secret back. */
  int sharesMin() {
    if (complete()) {
      return threshold();
    }
    return tolerateLoss ? Neighbours.CHOSEN_THRESHOLD : Neighbours.CHOSEN;
  }

  /**
   * Of so many members who are said to have signed, how many show it to each in a large group. All
   * where so many may collude that hardly one of them would have to be invented.
   */
  int sample(int signers) {
    return colluders > members() / COLLUDING_PART ? signers : Math.min(SAMPLE, signers);
  }

  /** Members without whom the sum is not finished. */
  int membersMin() {
    return Math.max(threshold(), minCohort - 1);
  }

  /** How many members may be lost before the sum ends. */
  public int membersLosable() {
    return Math.max(0, members() - membersMin());
  }

  /** Against how many others a member masks; the mean where draws decide. */
  public double neighboursMean() {
    int others = members() - 1;
    if (complete()) {
      return others;
    }
    double apart = 1 - (double) Math.min(Neighbours.CHOSEN, others) / others;
    return others * (1 - apart * apart);
  }

  /** Negative for a stranger. */
  int indexOf(PartyId party) {
    return Collections.binarySearch(roster, party);
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
            colluders,
            roster.size()));
    roster.forEach(party -> parts.add(party.value().getBytes(StandardCharsets.US_ASCII)));
    return Digest.of(Statement.of("settings", new byte[0], parts.toArray(byte[][]::new))).bytes();
  }
}

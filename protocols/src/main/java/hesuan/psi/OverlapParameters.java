package hesuan.psi;

import hesuan.dp.ClippedDummyNoise;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What all parties of one run agree on; its digest opens every conversation, so two parties with
 * different ideas stop before anything is sent.
 *
 * @param session binds the run to its job, step and attempt (a digest of them all); it also keys
 *     the item keys, so keys of two runs cannot be compared
 * @param helpers in the order in which they pass the leader's list on; one to four
 * @param groups counted separately; one or more
 * @param delta the chance that a helper's promise of epsilon fails, a decimal
 */
public record OverlapParameters(
    Digest session, PartyId leader, List<Helper> helpers, int groups, String delta) {
  static final int VERSION = 1;
  static final int HELPERS_MAX = 4;
  public static final int GROUPS_MAX = 10_000;

  /** Real items of one party. */
  public static final int ITEMS_MAX = 4_000_000;

  /** Dummies in one party's list. */
  public static final int DUMMIES_MAX = 2_000_000;

  /** One person changes one count by one (see the document): sensitivity 1. */
  private static final int SENSITIVITY = 1;

  /**
   * @param epsilon what this helper spends for the people in its set
   */
  public record Helper(PartyId party, Epsilon epsilon) {}

  public OverlapParameters {
    helpers = List.copyOf(helpers);
    Set<PartyId> all = new HashSet<>(Set.of(leader));
    for (Helper helper : helpers) {
      if (!all.add(helper.party)) {
        throw invalid("parties", "each named once", helper.party.value());
      }
    }
    if (helpers.isEmpty() || helpers.size() > HELPERS_MAX) {
      throw invalid("parties", "2 to " + (HELPERS_MAX + 1), "" + (helpers.size() + 1));
    }
    if (groups < 1 || groups > GROUPS_MAX) {
      throw invalid("groups", "1 to " + GROUPS_MAX, "" + groups);
    }
    long dummies = 0;
    for (Helper helper : helpers) {
      dummies += 2 * offset(helper, delta) * groups;
      if (dummies > DUMMIES_MAX) {
        throw invalid(
            "noise",
            "at most " + DUMMIES_MAX + " dummies: fewer groups or a larger epsilon",
            dummies + " for " + groups + " groups");
      }
    }
  }

  private static ProblemException invalid(String at, String expected, String found) {
    return new ProblemException(ErrorCode.INVALID_VALUE, at, expected, found);
  }

  private static long offset(Helper helper, String delta) {
    return ClippedDummyNoise.of(helper.epsilon, delta, SENSITIVITY).offset();
  }

  /** The public offset of one helper's dummies: a group gets 0 to twice this many. */
  public int offset(int helper) {
    return (int) offset(helpers.get(helper), delta);
  }

  /** Dummies that every party's list carries, whatever the noise. */
  int dummies() {
    int sum = 0;
    for (int h = 0; h < helpers.size(); h++) {
      sum += 2 * offset(h) * groups;
    }
    return sum;
  }

  int indexOf(PartyId helper) {
    for (int h = 0; h < helpers.size(); h++) {
      if (helpers.get(h).party.equals(helper)) {
        return h;
      }
    }
    throw new IllegalArgumentException(helper + " is no helper of this run");
  }

  PartyId helper(int index) {
    return helpers.get(index).party;
  }

  /** With one group there is nothing to label. */
  boolean labelled() {
    return groups > 1;
  }

  public Digest digest() {
    StringBuilder text = new StringBuilder("hesuan/overlap/").append(VERSION);
    text.append('\n').append(session).append('\n').append(leader).append('\n').append(groups);
    for (int h = 0; h < helpers.size(); h++) {
      Helper helper = helpers.get(h);
      text.append('\n').append(helper.party).append(' ').append(helper.epsilon.micros());
      text.append(' ').append(offset(h));
    }
    return Digest.of(text.append('\n').append(delta).toString());
  }
}

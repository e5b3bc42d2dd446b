package hesuan.join;

import hesuan.dp.JoinNoise;
import hesuan.dp.QueryNoise;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;

/**
 * What both parties of one run agree on; its digest opens the conversation.
 *
 * @param session binds the run to its job, step and attempt (a digest of them all); it also keys
 *     the item keys
 * @param matcher has items in groups
 * @param valuer has items with figures
 * @param figures of each of the valuer's items
 * @param matches what the matcher sees of their number
 */
public record JoinParameters(
    Digest session,
    PartyId matcher,
    PartyId valuer,
    int groups,
    int figures,
    Matches matches,
    boolean matcherLearns,
    boolean valuerLearns) {
  static final int VERSION = 1;
  static final String PROTOCOL = "hesuan/join/" + VERSION;

  public static final int GROUPS_MAX = 64;
  public static final int FIGURES_MAX = 4;

  /** Real items of one party. */
  public static final int ITEMS_MAX = 4_000_000;

  private static final int DUMMIES_MAX = 1_000_000;

  public JoinParameters {
    if (matcher.equals(valuer)) {
      throw invalid("parties", "two different ones", matcher.value() + " twice");
    }
    if (groups < 1 || groups > GROUPS_MAX) {
      throw invalid("groups", "1 to " + GROUPS_MAX, "" + groups);
    }
    if (figures < 1 || figures > FIGURES_MAX) {
      throw invalid("figures", "1 to " + FIGURES_MAX, "" + figures);
    }
    if (!matcherLearns && !valuerLearns) {
      throw invalid("receivers", "one of the two at least", "none");
    }
    switch (matches) {
      case Matches.Noised noised -> {
        long dummies = 2 * noised.dummyNoise().offset() * groups;
        if (dummies > DUMMIES_MAX) {
          throw invalid("noise", "at most " + DUMMIES_MAX + " dummies", "" + dummies);
        }
      }
      case Matches.Hidden hidden -> {
        if (hidden.sumsMax().size() != figures) {
          throw invalid("sums", "one for each of " + figures, "" + hidden.sumsMax().size());
        }
      }
    }
  }

  /** Those of a step of a plan; its leader alone learns, and delivers. */
  public static JoinParameters of(Plan.JoinStatistics step, Digest session) {
    return new JoinParameters(
        session,
        step.products().getFirst().party(),
        step.products().getLast().party(),
        step.groups().size(),
        step.figures(),
        switch (step.matches()) {
          case NOISED -> new Matches.Noised(step.epsilonEach(), step.delta(), step.maxRows());
          case HIDDEN -> new Matches.Hidden(JoinNoise.sumsMax(step, ITEMS_MAX));
        },
        true,
        false);
  }

  /** Those of a query over two tables: an item is a person, whatever rows make its figures. */
  public static JoinParameters of(Plan.JoinQuery step, int minGroup, Digest session) {
    QueryNoise noise = QueryNoise.of(step.figures(), minGroup);
    return new JoinParameters(
        session,
        step.products().getFirst().party(),
        step.products().getLast().party(),
        step.figures().groups().size(),
        step.figures().aggregates().size(),
        switch (step.matches()) {
          case NOISED -> new Matches.Noised(step.matchesEpsilon(), step.delta(), 1);
          case HIDDEN -> new Matches.Hidden(noise.sumsMax(ITEMS_MAX, 2));
        },
        true,
        false);
  }

  private static ProblemException invalid(String at, String expected, String found) {
    return new ProblemException(ErrorCode.INVALID_VALUE, at, expected, found);
  }

  public int cells() {
    return groups * figures;
  }

  public Digest digest() {
    return Digest.of(
        String.join(
            "\n",
            PROTOCOL,
            session.hex(),
            matcher.value(),
            valuer.value(),
            groups + " " + figures,
            matches.text(),
            matcherLearns + " " + valuerLearns));
  }
}

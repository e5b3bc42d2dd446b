package hesuan.agent.budget;

import hesuan.dp.account.Loss;
import hesuan.dp.account.LossSum;
import hesuan.dp.account.PrivacyFilter;
import hesuan.dp.account.PrivacyFilter.Track;
import hesuan.wire.Chance;
import hesuan.wire.Epsilon;
import hesuan.wire.Rho;

/** What a refused job asked and what is left, by either way of counting, the nearer one first. */
final class BudgetRefusal {
  private BudgetRefusal() {}

  static String asked(Loss loss) {
    boolean plain = loss.equals(Loss.of(loss.epsilon(), Chance.ZERO));
    return plain
        ? loss.epsilon() + " (rho " + loss.rho() + ")"
        : "%s, delta %s (rho %s, delta %s)"
            .formatted(loss.epsilon(), loss.delta(), loss.rho(), loss.outside());
  }

  static String left(BudgetLine line, Loss loss) {
    PrivacyFilter filter = line.filter();
    LossSum all = line.all();
    String basic =
        "epsilon of at most %s (left of %s)"
                .formatted(
                    new Epsilon(Math.max(0, filter.limit().micros() - all.epsilonMicros())),
                    filter.limit())
            + failing(filter, all.deltaAttos(), loss.delta());
    if (filter.delta() == null) {
      return basic;
    }
    String concentrated =
        "rho of at most %s (left of %s)"
                .formatted(
                    new Rho(Math.max(0, filter.rhoMost().picos() - all.rhoPicos())),
                    filter.rhoMost())
            + failing(filter, all.outsideAttos(), loss.outside());
    return filter.nearest(all, loss) == Track.BASIC
        ? basic + ", or " + concentrated
        : concentrated + ", or " + basic;
  }

  /** Said only where it is what stands in the way. */
  private static String failing(PrivacyFilter filter, long attos, Chance asked) {
    if (filter.delta() == null) {
      return "";
    }
    Chance left = new Chance(Math.max(0, filter.failingAttosMost() - attos));
    return asked.compareTo(left) <= 0
        ? ""
        : " with delta of at most %s (left of %s)"
            .formatted(left, new Chance(filter.failingAttosMost()));
  }
}

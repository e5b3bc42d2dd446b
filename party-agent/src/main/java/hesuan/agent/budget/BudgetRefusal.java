package hesuan.agent.budget;

import hesuan.dp.account.Loss;
import hesuan.dp.account.LossSum;
import hesuan.dp.account.PrivacyFilter;
import hesuan.dp.account.PrivacyFilter.Track;
import hesuan.wire.Chance;
import hesuan.wire.Epsilon;
import hesuan.wire.Rho;

/**
 * What a refused job asked, and what would fit: by either way of counting, the nearer one first.
 */
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
    if (filter.delta() == null) {
      return "epsilon of at most %s (left of %s)".formatted(filter.epsilonLeft(all), line.limit());
    }
    Chance added = failingLeft(filter, all.deltaAttos());
    Chance outside = failingLeft(filter, all.outsideAttos());
    boolean addedFails = loss.delta().compareTo(added) > 0;
    boolean outsideFails = loss.outside().compareTo(outside) > 0;
    if (addedFails && outsideFails) {
      return "delta of at most %s (left of %s, a quarter of the budget's)"
          .formatted(
              added.compareTo(outside) > 0 ? added : outside,
              new Chance(filter.failingAttosMost()));
    }
    Epsilon epsilonLeft = addedFails ? Epsilon.ZERO : filter.epsilonLeft(all);
    Rho rhoLeft = outsideFails ? Rho.ZERO : filter.rhoLeft(all);
    String basic = "%s of %s by the sum of epsilons".formatted(epsilonLeft, line.limit());
    String concentrated = "rho %s of %s".formatted(rhoLeft, filter.rhoMost());
    return "epsilon of at most %s (left: %s)"
        .formatted(
            most(epsilonLeft, rhoLeft, loss),
            filter.nearest(all, loss) == Track.BASIC
                ? basic + ", " + concentrated
                : concentrated + ", " + basic);
  }

  private static Chance failingLeft(PrivacyFilter filter, long attos) {
    return new Chance(Math.max(0, filter.failingAttosMost() - attos));
  }

  /** Of a job that is noised like this one, whose rho goes with the square of its epsilon. */
  private static Epsilon most(Epsilon epsilonLeft, Rho rhoLeft, Loss loss) {
    double share = loss.rho().picos() == 0 ? 0 : (double) rhoLeft.picos() / loss.rho().picos();
    long micros = (long) (loss.epsilon().micros() * Math.sqrt(Math.min(1, share)));
    return new Epsilon(Math.max(epsilonLeft.micros(), micros));
  }
}

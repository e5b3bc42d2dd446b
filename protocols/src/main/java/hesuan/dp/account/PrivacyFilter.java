package hesuan.dp.account;

import hesuan.wire.Chance;
import hesuan.wire.Epsilon;
import hesuan.wire.Rho;
import org.jspecify.annotations.Nullable;

/**
 * Whether one more answer keeps a promise (epsilon, delta) to one owner's people, where whoever
 * asks chooses each question and its cost after seeing the answers before ({@code
 * docs/adr/0038-budgets-are-two-filters.md} has the proof). Two ways of counting keep it, and an
 * answer is given while either does:
 *
 * <ul>
 *   <li>added up: the epsilons come to at most the limit, the deltas to a quarter of delta;
 *   <li>concentrated: the rhos come to at most what the limit and half of delta allow, and what
 *       fails outside them to a quarter of delta.
 * </ul>
 *
 * The composed loss distribution has no part in it: it is not known to bound what is chosen on the
 * way.
 *
 * @param delta null: nobody has said one; only epsilons count, and deltas are not bounded
 * @param rhoMost what limit and delta allow, as was computed when the owner said them
 */
public record PrivacyFilter(Epsilon limit, @Nullable Chance delta, Rho rhoMost) {
  private static final long EPSILON_MICROS_MAX = 1_000_000_000L;
  private static final int SHARES = 4;

  /** The ways of counting. */
  public enum Track {
    BASIC,
    CONCENTRATED
  }

  public static PrivacyFilter of(Epsilon limit, @Nullable Chance delta) {
    return new PrivacyFilter(limit, delta, rhoMost(limit, delta));
  }

  /** Rounded down; the same on every machine. */
  public static Rho rhoMost(Epsilon limit, @Nullable Chance delta) {
    if (delta == null || converting(delta) == 0 || limit.micros() == 0) {
      return Rho.ZERO;
    }
    double rho = Concentration.rho(limit.micros() * 1e-6, converting(delta));
    return new Rho((long) Math.floor(rho * 1e12));
  }

  private static double converting(Chance delta) {
    return delta.attos() / 2 * 1e-18;
  }

  /** The most that deltas, or what fails outside rho, may come to. */
  public long failingAttosMost() {
    return delta == null ? Long.MAX_VALUE : delta.attos() / SHARES;
  }

  /** Whether everything together, this loss included, keeps the promise. */
  public boolean admits(LossSum before, Loss loss) {
    return loss.isZero() || more(before, loss) > 0;
  }

  /** How many more answers of this loss fit; {@link Long#MAX_VALUE} of what costs nothing. */
  public long more(LossSum before, Loss loss) {
    long more = Math.max(more(Track.BASIC, before, loss), more(Track.CONCENTRATED, before, loss));
    return Math.min(more, countable(before, loss));
  }

  /** Of those that one way of counting no longer holds for, the sums go on; not without end. */
  private static long countable(LossSum before, Loss loss) {
    return Math.min(
        Math.min(
            times(Long.MAX_VALUE, before.epsilonMicros(), loss.epsilon().micros()),
            times(Long.MAX_VALUE, before.deltaAttos(), loss.delta().attos())),
        Math.min(
            times(Long.MAX_VALUE, before.rhoPicos(), loss.rho().picos()),
            times(Long.MAX_VALUE, before.outsideAttos(), loss.outside().attos())));
  }

  /** The same by one way of counting. */
  public long more(Track track, LossSum before, Loss loss) {
    return switch (track) {
      case BASIC ->
          Math.min(
              times(limit.micros(), before.epsilonMicros(), loss.epsilon().micros()),
              times(failingAttosMost(), before.deltaAttos(), loss.delta().attos()));
      case CONCENTRATED ->
          delta == null
              ? 0
              : Math.min(
                  times(rhoMost.picos(), before.rhoPicos(), loss.rho().picos()),
                  times(failingAttosMost(), before.outsideAttos(), loss.outside().attos()));
    };
  }

  /** For how many days it lasts if each {@code days} cost as much; an estimate. */
  public long days(LossSum before, LossSum each, int days) {
    double basic =
        Math.min(
            lasts(limit.micros(), before.epsilonMicros(), each.epsilonMicros()),
            lasts(failingAttosMost(), before.deltaAttos(), each.deltaAttos()));
    double concentrated =
        delta == null
            ? 0
            : Math.min(
                lasts(rhoMost.picos(), before.rhoPicos(), each.rhoPicos()),
                lasts(failingAttosMost(), before.outsideAttos(), each.outsideAttos()));
    return (long) (Math.max(basic, concentrated) * days);
  }

  private static double lasts(long most, long before, long each) {
    return before > most
        ? 0
        : each == 0 ? Double.POSITIVE_INFINITY : (double) (most - before) / each;
  }

  private static long times(long most, long before, long each) {
    return before > most ? 0 : each == 0 ? Long.MAX_VALUE : (most - before) / each;
  }

  /** Of which way the most is left for such an answer. */
  public Track nearest(LossSum before, Loss loss) {
    if (delta == null) {
      return Track.BASIC;
    }
    double basic = share(epsilonLeft(before).micros(), loss.epsilon().micros());
    double concentrated = share(rhoLeft(before).picos(), loss.rho().picos());
    return basic >= concentrated ? Track.BASIC : Track.CONCENTRATED;
  }

  private static double share(long left, long asked) {
    return asked == 0 ? Double.POSITIVE_INFINITY : (double) left / asked;
  }

  /** Of the limit, where epsilons are added up. */
  public Epsilon epsilonLeft(LossSum before) {
    return before.deltaAttos() > failingAttosMost()
        ? Epsilon.ZERO
        : new Epsilon(Math.max(0, limit.micros() - before.epsilonMicros()));
  }

  /** Of what the limit allows of rho. */
  public Rho rhoLeft(LossSum before) {
    return delta == null || before.outsideAttos() > failingAttosMost()
        ? Rho.ZERO
        : new Rho(Math.max(0, rhoMost.picos() - before.rhoPicos()));
  }

  /** The largest epsilon of one more answer that has no delta. */
  public Epsilon left(LossSum before) {
    return new Epsilon(
        Math.max(epsilonLeft(before).micros(), epsilonMicros(rhoLeft(before).picos())));
  }

  /** The greatest whose rho is no more. */
  private static long epsilonMicros(long rhoPicos) {
    long square = 2 * rhoPicos;
    long root = (long) Math.sqrt((double) square);
    while (root * root > square) {
      root--;
    }
    while ((root + 1) * (root + 1) <= square) {
      root++;
    }
    return Math.min(EPSILON_MICROS_MAX, root);
  }

  /** The least epsilon that holds with delta for all of these, rounded up. */
  public Epsilon spent(LossSum all) {
    long added = Math.min(EPSILON_MICROS_MAX, all.epsilonMicros());
    if (delta == null || all.outsideAttos() > failingAttosMost() || converting(delta) == 0) {
      return new Epsilon(added);
    }
    long concentrated = concentratedMicros(all.rhoPicos(), delta);
    return new Epsilon(
        all.deltaAttos() > failingAttosMost() ? concentrated : Math.min(added, concentrated));
  }

  private long concentratedMicros(long rhoPicos, Chance delta) {
    if (rhoPicos == 0) {
      return 0;
    }
    double micros = Math.ceil(Concentration.epsilon(rhoPicos * 1e-12, converting(delta)) * 1e6);
    long most = rhoPicos <= rhoMost.picos() ? limit.micros() : EPSILON_MICROS_MAX;
    return micros < most ? (long) micros : most;
  }
}

package hesuan.dp.account;

import hesuan.wire.Chance;
import hesuan.wire.Epsilon;
import hesuan.wire.Plan;
import hesuan.wire.Rho;

/**
 * What one answer costs, stated twice: it is (epsilon, delta)-private, and but for an event of the
 * probability {@code outside} it is rho-zero-concentrated.
 */
public record Loss(Epsilon epsilon, Chance delta, Rho rho, Chance outside) {
  /** Of an answer that is (epsilon, delta)-private and of which nothing more is known. */
  public static Loss of(Epsilon epsilon, Chance delta) {
    return new Loss(epsilon, delta, Rho.of(epsilon), delta);
  }

  public static Loss of(Plan.Charge charge) {
    return new Loss(
        charge.epsilon(),
        Chance.parse(charge.delta()),
        charge.rho(),
        Chance.parse(charge.outside()));
  }

  public Loss plus(Loss other) {
    return new Loss(
        epsilon.plus(other.epsilon),
        delta.plus(other.delta),
        rho.plus(other.rho),
        outside.plus(other.outside));
  }

  public boolean isZero() {
    return epsilon.micros() == 0 && delta.attos() == 0 && rho.picos() == 0 && outside.attos() == 0;
  }
}

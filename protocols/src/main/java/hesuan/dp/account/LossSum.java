package hesuan.dp.account;

/** What many answers cost together, part by part and exactly; beyond what one answer may. */
public record LossSum(long epsilonMicros, long deltaAttos, long rhoPicos, long outsideAttos) {
  public static final LossSum ZERO = new LossSum(0, 0, 0, 0);

  public LossSum {
    if (epsilonMicros < 0 || deltaAttos < 0 || rhoPicos < 0 || outsideAttos < 0) {
      throw new IllegalArgumentException("a sum of losses below 0");
    }
  }

  /**
   * @throws ArithmeticException where a part is beyond what can be counted
   */
  public LossSum plus(Loss loss) {
    return plus(sum(loss));
  }

  public LossSum plus(LossSum other) {
    return new LossSum(
        Math.addExact(epsilonMicros, other.epsilonMicros),
        Math.addExact(deltaAttos, other.deltaAttos),
        Math.addExact(rhoPicos, other.rhoPicos),
        Math.addExact(outsideAttos, other.outsideAttos));
  }

  public LossSum minus(Loss loss) {
    return new LossSum(
        epsilonMicros - loss.epsilon().micros(),
        deltaAttos - loss.delta().attos(),
        rhoPicos - loss.rho().picos(),
        outsideAttos - loss.outside().attos());
  }

  private static LossSum sum(Loss loss) {
    return new LossSum(
        loss.epsilon().micros(), loss.delta().attos(), loss.rho().picos(), loss.outside().attos());
  }
}

package hesuan.wire;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/**
 * A concentrated privacy loss (Bun, Steinke 2016) in trillionths, so that budgets add without
 * rounding. Text is a plain decimal ({@code "0.125"}); finer digits round up, because rounding down
 * would spend what nobody granted.
 */
public record Rho(long picos) implements Comparable<Rho> {
  public static final Rho ZERO = new Rho(0);
  private static final long PICOS_MAX = 1_000_000_000_000_000_000L;

  public Rho {
    if (picos < 0 || picos > PICOS_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "rho", "0 to 1000000", picos + " trillionths");
    }
  }

  /** Half of epsilon squared: what whatever is epsilon-private is at most. */
  public static Rho of(Epsilon epsilon) {
    return new Rho((epsilon.micros() * epsilon.micros() + 1) / 2);
  }

  /** Of Gaussian noise whose variance is in units of the squared sensitivity, rounded up. */
  public static Rho ofVariance(BigInteger numerator, BigInteger denominator) {
    BigDecimal rho =
        new BigDecimal(denominator)
            .divide(new BigDecimal(numerator.shiftLeft(1)), 12, RoundingMode.UP);
    return parse(rho.toPlainString());
  }

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static Rho parse(String text) {
    try {
      BigDecimal value = new BigDecimal(text);
      if (value.signum() < 0 || value.compareTo(BigDecimal.valueOf(1_000_000)) > 0) {
        throw new ProblemException(ErrorCode.INVALID_VALUE, "rho", "0 to 1000000", text);
      }
      return new Rho(value.movePointRight(12).setScale(0, RoundingMode.UP).longValueExact());
    } catch (NumberFormatException e) {
      throw new ProblemException(ErrorCode.WRONG_TYPE, "rho", "a decimal such as 0.125", text);
    }
  }

  public Rho plus(Rho other) {
    return new Rho(picos + other.picos);
  }

  @Override
  public int compareTo(Rho other) {
    return Long.compare(picos, other.picos);
  }

  @JsonValue
  @Override
  public String toString() {
    return BigDecimal.valueOf(picos, 12).stripTrailingZeros().toPlainString();
  }
}

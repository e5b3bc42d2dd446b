package hesuan.wire;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * A privacy loss in millionths, so that budgets add without rounding. Text is a plain decimal
 * ({@code "0.5"}); finer digits round up, because rounding down would spend what nobody granted.
 */
public record Epsilon(long micros) implements Comparable<Epsilon> {
  public static final Epsilon ZERO = new Epsilon(0);
  private static final long MICROS_MAX = 1_000_000_000L;

  public Epsilon {
    if (micros < 0 || micros > MICROS_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "epsilon", "0 to 1000", micros + " millionths");
    }
  }

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static Epsilon parse(String text) {
    try {
      BigDecimal value = new BigDecimal(text);
      if (value.signum() < 0 || value.compareTo(BigDecimal.valueOf(1000)) > 0) {
        throw new ProblemException(ErrorCode.INVALID_VALUE, "epsilon", "0 to 1000", text);
      }
      return new Epsilon(value.movePointRight(6).setScale(0, RoundingMode.UP).longValueExact());
    } catch (NumberFormatException e) {
      throw new ProblemException(ErrorCode.WRONG_TYPE, "epsilon", "a decimal such as 0.5", text);
    }
  }

  public Epsilon plus(Epsilon other) {
    return new Epsilon(micros + other.micros);
  }

  @Override
  public int compareTo(Epsilon other) {
    return Long.compare(micros, other.micros);
  }

  @JsonValue
  @Override
  public String toString() {
    return BigDecimal.valueOf(micros, 6).stripTrailingZeros().toPlainString();
  }
}

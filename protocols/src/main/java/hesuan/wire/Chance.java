package hesuan.wire;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * A probability with which a promise may fail, in units of 10<sup>-18</sup>, so that budgets add
 * without rounding. Text is a plain decimal ({@code "0.0000001"}); finer digits round up.
 */
public record Chance(long attos) implements Comparable<Chance> {
  public static final Chance ZERO = new Chance(0);
  private static final long ONE = 1_000_000_000_000_000_000L;

  public Chance {
    if (attos < 0 || attos > ONE) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "delta", "0 to 1", attos + "e-18");
    }
  }

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static Chance parse(String text) {
    try {
      BigDecimal value = new BigDecimal(text);
      if (value.signum() < 0 || value.compareTo(BigDecimal.ONE) > 0) {
        throw new ProblemException(ErrorCode.INVALID_VALUE, "delta", "0 to 1", text);
      }
      return new Chance(value.movePointRight(18).setScale(0, RoundingMode.UP).longValueExact());
    } catch (NumberFormatException e) {
      throw new ProblemException(
          ErrorCode.WRONG_TYPE, "delta", "a decimal such as 0.0000001", text);
    }
  }

  public Chance plus(Chance other) {
    return new Chance(attos + other.attos);
  }

  @Override
  public int compareTo(Chance other) {
    return Long.compare(attos, other.attos);
  }

  @JsonValue
  @Override
  public String toString() {
    return BigDecimal.valueOf(attos, 18).stripTrailingZeros().toPlainString();
  }
}

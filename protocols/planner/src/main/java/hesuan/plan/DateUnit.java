package hesuan.plan;

import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.temporal.TemporalAdjusters;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/** Units to which a date is truncated. */
enum DateUnit {
  DAY,
  WEEK,
  MONTH,
  QUARTER,
  YEAR;

  static Optional<DateUnit> of(String word) {
    String upper = word.toUpperCase(Locale.ROOT);
    return List.of(values()).stream().filter(u -> u.name().equals(upper)).findFirst();
  }

  LocalDate floor(LocalDate day) {
    return switch (this) {
      case DAY -> day;
      case WEEK -> day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
      case MONTH -> day.withDayOfMonth(1);
      case QUARTER -> day.withDayOfMonth(1).withMonth((day.getMonthValue() - 1) / 3 * 3 + 1);
      case YEAR -> day.withDayOfYear(1);
    };
  }

  LocalDate next(LocalDate floor) {
    return switch (this) {
      case DAY -> floor.plusDays(1);
      case WEEK -> floor.plusWeeks(1);
      case MONTH -> floor.plusMonths(1);
      case QUARTER -> floor.plusMonths(3);
      case YEAR -> floor.plusYears(1);
    };
  }

  /** Parts of a date with few values, all public. */
  static Optional<List<String>> partValues(String part) {
    return switch (part) {
      case "MONTH" -> Optional.of(numbers(1, 12));
      case "QUARTER" -> Optional.of(numbers(1, 4));
      case "DAY" -> Optional.of(numbers(1, 31));
      case "ISODOW" -> Optional.of(numbers(1, 7));
      default -> Optional.empty();
    };
  }

  private static List<String> numbers(int from, int to) {
    return IntStream.rangeClosed(from, to).mapToObj(Integer::toString).toList();
  }
}

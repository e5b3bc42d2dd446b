package hesuan.demo.data;

import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** How numbers look in systems that people have typed into for years. */
final class DirtyPhones {
  /** What stands where a number should: no rule makes an id of it. */
  private static final List<String> JUNK =
      List.of("", "无", "N/A", "1.63E+10", "0", "163 1234", "test", "02161234567", " ");

  private DirtyPhones() {}

  /** The same number, as somebody else would have written it. */
  static String written(String phone, double share, RandomGenerator random) {
    if (random.nextDouble() >= share) {
      return phone;
    }
    String a = phone.substring(0, 3);
    String b = phone.substring(3, 7);
    String c = phone.substring(7);
    return switch (random.nextInt(8)) {
      case 0 -> a + " " + b + " " + c;
      case 1 -> a + "-" + b + "-" + c;
      case 2 -> "+86" + phone;
      case 3 -> "+86 " + a + " " + b + " " + c;
      case 4 -> "0086" + phone;
      case 5 -> "86" + phone;
      case 6 -> " " + phone + "\u00A0";
      default -> fullWidth(phone);
    };
  }

  static @Nullable String junk(RandomGenerator random) {
    int i = random.nextInt(JUNK.size() + 1);
    return i == JUNK.size() ? null : JUNK.get(i);
  }

  private static String fullWidth(String digits) {
    return digits
        .chars()
        .collect(StringBuilder::new, (b, c) -> b.append((char) (c + 0xFEE0)), StringBuilder::append)
        .toString();
  }
}

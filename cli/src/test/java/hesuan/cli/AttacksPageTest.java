package hesuan.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/attacks.md names a test for every attack; this holds it to that. */
class AttacksPageTest {
  private static final Path ROOT =
      Path.of(System.getProperty("basedir", "")).toAbsolutePath().getParent();
  private static final Pattern NAMED = Pattern.compile("`([A-Z][A-Za-z]*Test)(?:\\.(\\w+))?`");

  /** The text of each test class by its simple name. */
  private static Map<String, String> tests() throws IOException {
    Map<String, String> tests = new TreeMap<>();
    try (Stream<Path> files =
        Files.find(ROOT, 12, (file, _) -> file.toString().endsWith("Test.java"))) {
      files
          .filter(file -> file.toString().contains("/src/test/java/"))
          .forEach(
              file -> tests.put(file.getFileName().toString().replace(".java", ""), text(file)));
    }
    return tests;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> missing(String page, Map<String, String> tests) {
    List<String> missing = new ArrayList<>();
    for (MatchResult named : NAMED.matcher(page).results().toList()) {
      String text = tests.getOrDefault(named.group(1), "");
      if (!(named.group(2) == null ? text.contains("@Test") : runs(text, named.group(2)))) {
        missing.add(named.group());
      }
    }
    return missing;
  }

  /** What stands over a method, from the blank line before it, says whether it is run. */
  private static boolean runs(String text, String method) {
    int at = text.indexOf("  void " + method + "(");
    String above = at < 0 ? "" : text.substring(Math.max(0, text.lastIndexOf("\n\n", at)), at);
    return (above.contains("@Test") || above.contains("@ParameterizedTest"))
        && !above.contains("@Disabled");
  }

  @Test
  void everyTestThatThePageNames_isThere() throws IOException {
    String page = text(ROOT.resolve("docs/attacks.md"));
    assertEquals(List.of(), missing(page, tests()));
  }

  /** Every attack has one, or the page says that it is argued. */
  @Test
  void everyAttack_namesATest() throws IOException {
    List<String> rows =
        text(ROOT.resolve("docs/attacks.md"))
            .lines()
            .filter(l -> l.startsWith("| ") && !l.startsWith("| attack"))
            .toList();
    assertTrue(rows.size() > 25, "" + rows.size());
    for (String row : rows) {
      String[] cells = row.split(" \\| ");
      assertEquals(3, cells.length, row);
      assertTrue(NAMED.matcher(cells[2]).find(), row);
    }
  }

  @Test
  void testThatIsNotThere_orIsDisabled_isFound() {
    Map<String, String> tests =
        Map.of(
            "ATest",
            "\n\n  @Test\n  void one() {}\n\n  void two() {}\n\n  @Test\n  @Disabled\n  void three() {}");
    assertEquals(List.of(), missing("`ATest.one`", tests));
    assertEquals(
        List.of("`ATest.two`", "`ATest.three`", "`BTest.one`"),
        missing("`ATest.two`, `ATest.three`, `BTest.one`", tests));
    assertFalse(missing("`BTest`", tests).isEmpty());
  }
}

package hesuan.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** {@code docs/errors.md} is {@link ErrorCode} as a table. */
class ErrorTableTest {
  private static String table() {
    StringBuilder out =
        new StringBuilder(
            """
            # Error codes · 错误码

            Every refusal and failure carries one of these codes. A code never changes its meaning. A sentence gives the
            code's title, where it arose, what was expected and what was found, and the remedy below.

            每一次拒绝或失败都带有下列代码之一；代码的含义永不改变。

            | code | English | what to do | 中文 | 怎么办 |
            | --- | --- | --- | --- | --- |
            """);
    for (ErrorCode code : ErrorCode.values()) {
      out.append(
          "| %s | %s | %s | %s | %s |%n"
              .formatted(
                  code.code(),
                  code.title(false),
                  code.remedy(false),
                  code.title(true),
                  code.remedy(true)));
    }
    return out.toString();
  }

  @Test
  void table_isThatOfTheCodes() throws IOException {
    Path made = Path.of("target", "errors.md");
    Files.createDirectories(made.getParent());
    Files.writeString(made, table());
    assertEquals(
        table(),
        Files.readString(Path.of("..", "docs", "errors.md")),
        "after a change of ErrorCode: cp protocols/target/errors.md docs/errors.md");
  }

  @Test
  void code_isOfOneMeaning() {
    Set<String> codes = new HashSet<>();
    for (ErrorCode code : ErrorCode.values()) {
      assertEquals(true, codes.add(code.code()), code.code());
    }
  }
}

package hesuan.cli;

import hesuan.wire.ErrorCode;
import java.util.Arrays;
import java.util.Map;

/** {@code hesuan errors}. */
@picocli.CommandLine.Command(
    name = "errors",
    description = "Every error code, its meaning and remedy. 全部错误码及处理办法。")
final class ErrorsCommand extends Command {
  @Override
  protected int run(Console console) {
    for (ErrorCode code : ErrorCode.values()) {
      console.line(
          "%s  %s — %s"
              .formatted(
                  code.code(), code.title(console.chinese()), code.remedy(console.chinese())));
    }
    console.document(
        Arrays.stream(ErrorCode.values())
            .map(
                c ->
                    Map.of(
                        "code", c.code(),
                        "en", c.title(false),
                        "zh", c.title(true),
                        "remedyEn", c.remedy(false),
                        "remedyZh", c.remedy(true)))
            .toList());
    return Exit.OK;
  }
}

package hesuan.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Option;

/** What every command has: help, a language, and JSON for programs. */
public abstract class Command implements Callable<Integer> {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help. 显示帮助。")
  boolean help;

  @Option(names = "--json", description = "Print one JSON document for programs. 为程序输出一个 JSON 文档。")
  boolean json;

  @Option(
      names = "--lang",
      paramLabel = "zh|en",
      defaultValue = "",
      description = "Language; by default that of the locale. 语言，默认随系统区域。")
  String lang = "";

  @Override
  public Integer call() throws Exception {
    return run(console());
  }

  Console console() {
    return Console.standard(Console.isChinese(lang), json);
  }

  /** Answers one of {@link Exit}. */
  protected abstract int run(Console console) throws Exception;
}

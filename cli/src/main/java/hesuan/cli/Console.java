package hesuan.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import hesuan.wire.Json;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Where a command speaks: sentences in the reader's language for people, or one JSON document for
 * programs, never both on standard output.
 */
public final class Console {
  private final PrintStream out;
  private final PrintStream err;
  private final boolean chinese;
  private final boolean json;

  public Console(PrintStream out, PrintStream err, boolean chinese, boolean json) {
    this.out = out;
    this.err = err;
    this.chinese = chinese;
    this.json = json;
  }

  /** By {@code --lang}, else by the environment as POSIX orders it. */
  public static boolean isChinese(String lang) {
    String wanted = lang;
    for (String name : new String[] {"LC_ALL", "LC_MESSAGES", "LANG"}) {
      String value = System.getenv(name);
      wanted = wanted.isEmpty() && value != null ? value : wanted;
    }
    return wanted.toLowerCase(Locale.ROOT).startsWith("zh");
  }

  public static Console standard(boolean chinese, boolean json) {
    return new Console(
        new PrintStream(System.out, true, StandardCharsets.UTF_8),
        new PrintStream(System.err, true, StandardCharsets.UTF_8),
        chinese,
        json);
  }

  public boolean chinese() {
    return chinese;
  }

  public boolean json() {
    return json;
  }

  public String text(String en, String zh) {
    return chinese ? zh : en;
  }

  /** A line for people; silent where a program reads. */
  public void say(String en, String zh, Object... arguments) {
    if (!json) {
      out.println(text(en, zh).formatted(arguments));
    }
  }

  /** A line that has no language: a table's row, a figure. */
  public void line(String line) {
    if (!json) {
      out.println(line);
    }
  }

  /** The document for programs. */
  public void document(Object document) {
    if (json) {
      try {
        out.println(
            Json.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(Json.node(document)));
      } catch (JsonProcessingException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** What a command was asked for as it is, for a pipe: a receipt, a token, a schema. */
  public void raw(String text) {
    out.println(text);
  }

  /** Progress and errors. */
  public void note(String en, String zh, Object... arguments) {
    err.println(text(en, zh).formatted(arguments));
  }
}

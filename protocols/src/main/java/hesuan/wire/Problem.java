package hesuan.wire;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * One refusal or failure, as a value: code, where, expected, found. It never carries a secret or a
 * row. Texts are data (names, numbers, rules); the words around them come from {@link ErrorCode} in
 * the reader's language.
 */
public record Problem(ErrorCode code, String at, String expected, String found) {
  private static final int TEXT_MAX = 500;

  public Problem {
    at = clip(at);
    expected = clip(expected);
    found = clip(found);
  }

  @JsonCreator
  static Problem of(
      @JsonProperty("code") String code,
      @JsonProperty("at") String at,
      @JsonProperty("expected") String expected,
      @JsonProperty("found") String found) {
    return new Problem(ErrorCode.of(code), at, expected, found);
  }

  @JsonProperty("code")
  String codeText() {
    return code.code();
  }

  public String sentence(boolean chinese) {
    return chinese
        ? "%s %s（%s）：期望 %s，实际 %s。%s。"
            .formatted(code.code(), code.title(true), at, expected, found, code.remedy(true))
        : "%s %s (%s): expected %s, found %s; %s."
            .formatted(code.code(), code.title(false), at, expected, found, code.remedy(false));
  }

  public ProblemException asException() {
    return new ProblemException(this);
  }

  /** Control characters could forge a line of a log or a terminal, so they do not survive. */
  private static String clip(String text) {
    String plain =
        text.codePoints()
            .filter(c -> !Character.isISOControl(c) && Character.getType(c) != Character.FORMAT)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    return plain.length() <= TEXT_MAX ? plain : plain.substring(0, TEXT_MAX) + "…";
  }
}

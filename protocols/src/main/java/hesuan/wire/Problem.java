package hesuan.wire;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.text.Normalizer;

/**
 * One refusal or failure, as a value: code, where, expected, found. It never carries a secret or a
 * row. Texts are data (names, numbers, rules); the words around them come from {@link ErrorCode} in
 * the reader's language.
 */
public record Problem(ErrorCode code, String at, String expected, String found) {
  private static final int TEXT_MAX = 500;
  private static final String CLIPPED = "…";

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

  /**
   * Control characters could forge a line of a log or a terminal, so they do not survive; nor does
   * what canonical JSON could not carry, because a problem must always reach the other side.
   */
  private static String clip(String text) {
    StringBuilder kept = new StringBuilder();
    text.codePoints().filter(Problem::isPlain).forEach(kept::appendCodePoint);
    String plain = Normalizer.normalize(kept, Normalizer.Form.NFC);
    if (plain.codePointCount(0, plain.length()) <= TEXT_MAX + CLIPPED.length()) {
      return plain;
    }
    return plain.substring(0, plain.offsetByCodePoints(0, TEXT_MAX)) + CLIPPED;
  }

  private static boolean isPlain(int codePoint) {
    int type = Character.getType(codePoint);
    return !Character.isISOControl(codePoint)
        && type != Character.FORMAT
        && type != Character.SURROGATE;
  }
}

package hesuan.wire;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** An agreed, versioned way of normalising an identifier; {@code hesuan.ids} applies it. */
public enum IdRule {
  PHONE_CN("phone-cn/1"),
  EMAIL("email/1"),
  NATIONAL_ID_CN("national-id-cn/1"),
  OPAQUE("opaque/1");

  private final String text;

  IdRule(String text) {
    this.text = text;
  }

  @JsonValue
  public String text() {
    return text;
  }

  @JsonCreator
  public static IdRule of(String text) {
    for (IdRule rule : values()) {
      if (rule.text.equals(text)) {
        return rule;
      }
    }
    throw new ProblemException(
        ErrorCode.INVALID_VALUE,
        "id.rule",
        "phone-cn/1, email/1, national-id-cn/1 or opaque/1",
        text);
  }
}

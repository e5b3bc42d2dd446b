package hesuan.wire;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How much of a column a receiver may get, least first: each level includes those before it. */
public enum Disclosure {
  /** Not even inside a computation. */
  @JsonProperty("never")
  NEVER,
  /** Inside a protocol only; nothing derived from it alone leaves. */
  @JsonProperty("compute")
  COMPUTE,
  /** In sums, counts and trained parameters, under the group minimum and noise asked for. */
  @JsonProperty("aggregate")
  AGGREGATE,
  /** As the key on which parties match. */
  @JsonProperty("joinKey")
  JOIN_KEY,
  /** As it is. */
  @JsonProperty("plain")
  PLAIN;

  public boolean allows(Disclosure asked) {
    return ordinal() >= asked.ordinal();
  }

  public String text() {
    return switch (this) {
      case NEVER -> "never";
      case COMPUTE -> "compute";
      case AGGREGATE -> "aggregate";
      case JOIN_KEY -> "joinKey";
      case PLAIN -> "plain";
    };
  }
}

package hesuan.policy;

import com.fasterxml.jackson.annotation.JsonProperty;

/** When a party is asked. Every later phase asks again: an earlier allow is no permission. */
public enum Phase {
  /** May this become a data product? */
  @JsonProperty("publish")
  PUBLISH,
  /** May this plan be put to the parties? Asked at the coordinator. */
  @JsonProperty("propose")
  PROPOSE,
  /** Does this party countersign the plan? */
  @JsonProperty("admit")
  ADMIT,
  /** May the next step read data? */
  @JsonProperty("step")
  STEP,
  /** May an output of this shape leave? */
  @JsonProperty("release")
  RELEASE;

  public String text() {
    return switch (this) {
      case PUBLISH -> "publish";
      case PROPOSE -> "propose";
      case ADMIT -> "admit";
      case STEP -> "step";
      case RELEASE -> "release";
    };
  }
}

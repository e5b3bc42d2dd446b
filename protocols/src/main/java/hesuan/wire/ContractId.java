package hesuan.wire;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Pattern;

/** A digital contract between parties. */
public record ContractId(@JsonValue String value) implements Comparable<ContractId> {
  private static final Pattern SHAPE = Pattern.compile("ctr-[a-z0-9][a-z0-9-]{0,39}");

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public ContractId {
    Names.check(SHAPE, "contract", value);
  }

  @Override
  public int compareTo(ContractId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}

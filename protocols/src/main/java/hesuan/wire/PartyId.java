package hesuan.wire;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Pattern;

/**
 * A member of the federation. Also the last part of its SPIFFE id, a folder name and a TLS name.
 */
public record PartyId(@JsonValue String value) implements Comparable<PartyId> {
  private static final Pattern SHAPE = Pattern.compile("[a-z][a-z0-9-]{1,39}");

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public PartyId {
    Names.check(SHAPE, "party", value);
  }

  @Override
  public int compareTo(PartyId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}

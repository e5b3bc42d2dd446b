package hesuan.wire;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Pattern;

/**
 * One accepted job; derived from submitter and submit token, so the same submission is the same
 * job.
 */
public record JobId(@JsonValue String value) implements Comparable<JobId> {
  private static final Pattern SHAPE = Pattern.compile("job-[a-z2-7]{16}");

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public JobId {
    Names.check(SHAPE, "job", value);
  }

  @Override
  public int compareTo(JobId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}

package hesuan.wire;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * One accepted job; derived from submitter and submit token, so the same submission is the same
 * job.
 */
public record JobId(@JsonValue String value) implements Comparable<JobId> {
  private static final String BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
  private static final Pattern SHAPE = Pattern.compile("job-[a-z2-7]{16}");

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public JobId {
    Names.check(SHAPE, "job", value);
  }

  /**
   * The id of what that party submits under that token; both lengths are hashed, so that no two
   * pairs share one text.
   */
  public static JobId of(PartyId submitter, String submitToken) {
    byte[] digest =
        Digest.of(
                "hesuan/job-id/1\n%d:%s%d:%s"
                    .formatted(
                        submitter.value().length(), submitter, submitToken.length(), submitToken))
            .bytes();
    BigInteger bits = new BigInteger(1, Arrays.copyOf(digest, 10));
    StringBuilder id = new StringBuilder("job-");
    for (int shift = 75; shift >= 0; shift -= 5) {
      id.append(BASE32.charAt(bits.shiftRight(shift).intValue() & 31));
    }
    return new JobId(id.toString());
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

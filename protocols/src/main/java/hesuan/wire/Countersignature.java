package hesuan.wire;

/**
 * What a party signs, in an envelope of {@link #PAYLOAD_TYPE}, when it admits a job: that plan and
 * no other. Every agent checks everyone's before it charges its budget.
 *
 * @param plan digest of the plan that this party compiled by itself
 */
public record Countersignature(PartyId party, JobId job, Digest plan) {
  public static final String PAYLOAD_TYPE = "application/vnd.hesuan.countersignature+json";
}

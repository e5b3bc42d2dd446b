package hesuan.wire;

/**
 * A party's word on how far its budget's chain reaches, in an envelope of {@link #PAYLOAD_TYPE}.
 * Others keep the latest and show it again: a party whose disk was put back to an older day then
 * sees that it has forgotten charges. It tells nothing about what was charged.
 */
public record BudgetHead(PartyId party, Head head) {
  public static final String PAYLOAD_TYPE = "application/vnd.hesuan.budget-head+json";

  /**
   * @param number of the last entry, 0 before the first
   * @param digest of the last entry, and through it of all before
   */
  public record Head(long number, Digest digest) {
    public Head {
      if (number < 0) {
        throw new ProblemException(ErrorCode.INVALID_VALUE, "number", "from 0", "" + number);
      }
    }
  }
}

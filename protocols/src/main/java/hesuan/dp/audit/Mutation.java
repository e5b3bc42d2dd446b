package hesuan.dp.audit;

/** A fault that an audit must see. */
public enum Mutation {
  NONE("as built"),
  SCALE("noise of 0.85 of the scale"),
  BOUND("contribution bound ignored"),
  SENSITIVITY("scale for one group where a person may be in several"),
  THRESHOLD("threshold lower by one"),
  DELTA_SPLIT("delta not split over the groups of a person"),
  REUSE("the same noise in every cell"),
  FLOAT_SUM("sums in floating point"),
  NORM("L1 sensitivity where the square of L2 is due"),
  SHARE("shares of joint noise that count on everybody"),
  RETRY("fresh noise for each attempt of one job");

  private final String fault;

  Mutation(String fault) {
    this.fault = fault;
  }

  public String fault() {
    return fault;
  }
}

package hesuan.aggregate;

/** The messages in their order; the code is the first byte of each. */
enum Phase {
  ADVERTISE(1),
  ROSTER(2),
  SHARE(3),
  SHARES(4),
  MASKED(5),
  MASKED_WITH(6),
  SURVIVORS(7),
  SIGNATURE(8),
  SIGNERS(9),
  SAMPLE(10),
  SIGNATURES(11),
  UNMASK(12),
  DONE(13),
  /** With two aggregators ({@link TwoAggregatorContributor}). */
  OFFER(20),
  CONTRIBUTION(21),
  PART(22),
  HELD(23),
  CHECK(24),
  SET(25),
  OPENED(26),
  RECEIPT(27),
  /** Instead of any other: why the sender stops. */
  PROBLEM(127);

  private final byte code;

  Phase(int code) {
    this.code = (byte) code;
  }

  byte code() {
    return code;
  }
}

package hesuan.aggregate;

/** The messages in their order; the code is the first byte of each. */
enum Phase {
  ADVERTISE(1),
  ROSTER(2),
  SHARE(3),
  SHARES(4),
  MASKED(5),
  SURVIVORS(6),
  SIGNATURE(7),
  SIGNATURES(8),
  UNMASK(9),
  DONE(10),
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

package hesuan.evidence.ledger;

import hesuan.wire.Problem;

/** What an entry of the log did to a ledger. */
public sealed interface Outcome {
  record Applied() implements Outcome {}

  /** It, or another entry with its key, did so before. */
  record Duplicate() implements Outcome {}

  /** It speaks of nothing that this ledger keeps. */
  record Irrelevant() implements Outcome {}

  /** It asks for something that the rules forbid; nothing has changed. */
  record Refused(Problem problem) implements Outcome {}
}

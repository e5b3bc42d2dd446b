package hesuan.agent.budget;

import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.BudgetHead;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.ProblemException;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * The entries, each holding the digest of the one before, and the heads of them that others have
 * seen and this disk has not. While there are such, nothing is spent. Thread-safe.
 */
public final class BudgetChain {
  /** A head of this chain that somebody else holds and this disk does not know. */
  public record Lost(BudgetHead.Head head, String toldBy) {}

  private final Store store;

  BudgetChain(Store store) {
    this.store = store;
  }

  static void append(Transaction t, BudgetEvent event, long atSeconds) throws SQLException {
    BudgetHead.Head head = head(t);
    append(t, new BudgetEntry(head.number() + 1, atSeconds, head.digest(), event));
  }

  /** Behind every head that was lost, so that none of their numbers is given again. */
  static void appendResolved(Transaction t, BudgetEvent.Resolved event, long atSeconds)
      throws SQLException {
    BudgetHead.Head head = head(t);
    long last =
        event.lost().stream().mapToLong(BudgetHead.Head::number).reduce(head.number(), Math::max);
    append(t, new BudgetEntry(last + 1, atSeconds, head.digest(), event));
    t.update("DELETE FROM budget_lost");
  }

  private static void append(Transaction t, BudgetEntry entry) throws SQLException {
    t.update(
        "INSERT INTO budget_entry (number, body, head) VALUES (?, ?, ?)",
        entry.number(),
        Json.canonical(entry),
        entry.head().digest().hex());
  }

  /**
   * @throws ProblemException BUDGET_DAMAGED where an entry does not follow the one before
   */
  static BudgetReplay replay(Transaction t) throws SQLException {
    BudgetReplay replay = new BudgetReplay();
    t.query(
        "SELECT body FROM budget_entry ORDER BY number",
        row -> {
          replay.append(Json.read(row.getBytes(1), BudgetEntry.class));
          return null;
        });
    if (!head(t).equals(replay.head())) {
      throw damaged("the head that its entries give", "another");
    }
    return replay;
  }

  static ProblemException damaged(String expected, String found) {
    return new ProblemException(ErrorCode.BUDGET_DAMAGED, "budget", expected, found);
  }

  static BudgetHead.Head head(Transaction t) throws SQLException {
    return t.one(
            "SELECT number, head FROM budget_entry ORDER BY number DESC LIMIT 1",
            row -> new BudgetHead.Head(row.getLong(1), new Digest(row.getString(2))))
        .orElse(BudgetEntry.NONE);
  }

  /** How far the chain reaches on the disk. */
  public BudgetHead.Head head() {
    return store.read("budget head", BudgetChain::head);
  }

  /**
   * Somebody shows a head that this party once gave: entries up to there must be here. Where they
   * are not, this disk has forgotten, and nothing is spent until the owner has said what counts as
   * spent. May be retried.
   *
   * @param signed by this party: nobody else can stop its spending by a word
   * @return whether the chain knows that head
   */
  public boolean shown(BudgetHead.Head signed, String toldBy) {
    return store.inTransaction(
        "budget head shown",
        t -> {
          if (knows(t, signed)) {
            return true;
          }
          t.update(
              "INSERT INTO budget_lost (number, head, told_by) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
              signed.number(),
              signed.digest().hex(),
              toldBy);
          return false;
        });
  }

  private static boolean knows(Transaction t, BudgetHead.Head shown) throws SQLException {
    if (shown.equals(BudgetEntry.NONE)) {
      return true;
    }
    Optional<Digest> here =
        t.one(
            "SELECT head FROM budget_entry WHERE number = ?",
            row -> new Digest(row.getString(1)),
            shown.number());
    if (here.isPresent()) {
      return here.get().equals(shown.digest());
    }
    // Within a gap that the owner has answered for: the next entry is the answer.
    return t.one(
            "SELECT body FROM budget_entry WHERE number > ? ORDER BY number LIMIT 1",
            row -> Json.read(row.getBytes(1), BudgetEntry.class).event(),
            shown.number())
        .filter(BudgetEvent.Resolved.class::isInstance)
        .isPresent();
  }

  /** What others know of this chain and this disk does not; empty: the budget may be spent. */
  public List<Lost> lost() {
    return store.read("lost heads", BudgetChain::lost);
  }

  static List<Lost> lost(Transaction t) throws SQLException {
    return t.query(
        "SELECT number, head, told_by FROM budget_lost ORDER BY number",
        row ->
            new Lost(
                new BudgetHead.Head(row.getLong(1), new Digest(row.getString(2))),
                row.getString(3)));
  }

  static void requireWhole(Transaction t) throws SQLException {
    List<Lost> lost = lost(t);
    if (!lost.isEmpty()) {
      Lost latest = lost.getLast();
      throw new ProblemException(
          ErrorCode.BUDGET_ROLLED_BACK,
          "budget",
          "entry " + latest.head.number() + ", which " + latest.toldBy + " has seen",
          "a chain that ends at " + head(t).number());
    }
  }
}

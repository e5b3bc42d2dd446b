package hesuan.agent.budget;

import com.fasterxml.jackson.annotation.JsonInclude;
import hesuan.channel.Channel;
import hesuan.evidence.Envelope;
import hesuan.evidence.PartyKeys;
import hesuan.evidence.SigningKeys;
import hesuan.store.Store;
import hesuan.wire.BudgetHead;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who else knows how far this party's budget reaches. A job runs only when the head that holds its
 * charge is kept by the coordinator and by every other party of the job, each of which shows it
 * again when the two meet. So a disk that was put back to before a charge is found out by the first
 * of them that is honest; none of them can spend or stop anything by it, since only this party
 * signs its head.
 */
public final class Witnesses {
  private static final Logger LOG = LoggerFactory.getLogger(Witnesses.class);
  private static final byte HEADS = 1;
  private static final int HEADS_BYTES_MAX = 64 << 10;
  private static final String COORDINATOR = "the coordinator";

  /**
   * @param mine the sender's own head
   * @param yours the last that the sender has seen of the receiver, if any
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record Heads(Envelope mine, @Nullable Envelope yours) {}

  private final Store store;
  private final Budget budget;
  private final SigningKeys keys;
  private final Consumer<Envelope> tellCoordinator;
  private final Duration patience;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition kept = lock.newCondition();
  private long keptNumber;

  /**
   * @param tellCoordinator may be said again at any time
   * @param patience how long a job waits for the coordinator to have kept the head
   */
  public Witnesses(
      Store store,
      Budget budget,
      SigningKeys keys,
      Consumer<Envelope> tellCoordinator,
      Duration patience) {
    this.store = store;
    this.budget = budget;
    this.keys = keys;
    this.tellCoordinator = tellCoordinator;
    this.patience = patience;
  }

  private Envelope signedHead() {
    return Envelope.signDocument(
        BudgetHead.PAYLOAD_TYPE, new BudgetHead(keys.party(), budget.chain().head()), keys);
  }

  /** On every new line to the coordinator: what it has kept of this party's, if anything. */
  public void lineUp(byte[] keptEnvelope) {
    if (keptEnvelope.length > 0) {
      shown(Envelope.read(keptEnvelope), COORDINATOR);
    }
    tellCoordinator.accept(signedHead());
  }

  /** The coordinator has it on its disk. */
  public void coordinatorKept(long number) {
    lock.lock();
    try {
      keptNumber = Math.max(keptNumber, number);
      kept.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Before an attempt sends anything: the charge is known outside.
   *
   * @throws ProblemException PEER_SILENT if the coordinator does not keep it in time
   */
  public void requireKept() throws InterruptedException {
    long number = budget.chain().head().number();
    lock.lock();
    try {
      if (keptNumber < number) {
        tellCoordinator.accept(signedHead());
      }
      long nanos = patience.toNanos();
      while (keptNumber < number) {
        if (nanos <= 0) {
          throw new ProblemException(
              ErrorCode.PEER_SILENT, "budget", COORDINATOR + " to keep the ledger's head", "none");
        }
        nanos = kept.awaitNanos(nanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /** First words of two parties in an attempt: each says its own head and what it has seen. */
  public void say(Channel to) {
    to.send(HEADS, Json.canonical(new Heads(signedHead(), witnessed(to.peer()).orElse(null))));
  }

  /**
   * @throws ProblemException BUDGET_ROLLED_BACK where the peer has seen what this disk has not
   */
  public void hear(Channel from, PartyKeys peer) {
    Heads heads = Json.read(from.receive(HEADS, HEADS_BYTES_MAX), Heads.class);
    witness(peer, heads.mine);
    if (heads.yours != null && !shown(heads.yours, from.peer().value())) {
      throw new ProblemException(
          ErrorCode.BUDGET_ROLLED_BACK,
          keys.party().value(),
          "the entries that " + from.peer() + " has seen",
          "an older ledger");
    }
  }

  /** Whether this disk knows it; what is not signed by this party counts for nothing. */
  private boolean shown(Envelope envelope, String by) {
    BudgetHead head;
    try {
      head = read(envelope, keys.publicKeys());
    } catch (ProblemException e) {
      LOG.warn("{} shows a budget head that this party did not sign with its keys", by);
      return true;
    }
    boolean known = budget.chain().shown(head.head(), by);
    if (!known) {
      LOG.error(
          "{} has seen entry {} of the budget ledger, which this disk has not: nothing is spent",
          by,
          head.head().number());
    }
    return known;
  }

  private static BudgetHead read(Envelope envelope, PartyKeys signer) {
    BudgetHead head = envelope.verify(BudgetHead.PAYLOAD_TYPE, signer, BudgetHead.class);
    if (!head.party().equals(signer.party())) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED, "budget head", "of " + signer.party(), head.party().value());
    }
    return head;
  }

  /** Keeps the latest; what it kept before answers for it after a rollback. May be retried. */
  private void witness(PartyKeys peer, Envelope envelope) {
    BudgetHead head = read(envelope, peer);
    store.inTransaction(
        "witness a budget",
        t ->
            t.update(
                """
                INSERT INTO budget_witnessed (party, number, envelope) VALUES (?, ?, ?)
                ON CONFLICT (party) DO UPDATE
                SET number = excluded.number, envelope = excluded.envelope
                WHERE excluded.number > number""",
                peer.party().value(),
                head.head().number(),
                envelope.bytes()));
  }

  private Optional<Envelope> witnessed(PartyId party) {
    return store.read(
        "witnessed budget",
        t ->
            t.one(
                "SELECT envelope FROM budget_witnessed WHERE party = ?",
                row -> Envelope.read(row.getBytes(1)),
                party.value()));
  }
}

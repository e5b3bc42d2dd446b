package hesuan.agent;

import hesuan.evidence.Envelope;
import hesuan.evidence.PartyKeys;
import hesuan.evidence.SigningKeys;
import hesuan.evidence.VerifiedEnvelopes;
import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.Contract;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.ProblemException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The contracts that name this party, as it heard and signed them. */
public final class Contracts {
  /**
   * @param envelopes signatures of the parties, as far as they are known here
   * @param own this party's signature, if it gave one
   */
  public record Held(
      Contract contract,
      byte[] document,
      List<Envelope> envelopes,
      @Nullable Envelope own,
      boolean withdrawn) {}

  private final Store store;
  private final Members members;
  private final SigningKeys keys;

  private final VerifiedEnvelopes verified = new VerifiedEnvelopes();

  /** By the contract's text: as many as there are contracts. */
  private final Map<Digest, Parsed> parsed = new ConcurrentHashMap<>();

  Contracts(Store store, Members members, SigningKeys keys) {
    this.store = store;
    this.members = members;
    this.keys = keys;
  }

  /**
   * Keeps what the coordinator tells of a contract. The same id with another text is refused once
   * this party has signed; withdrawal is never taken back. The transaction may be retried.
   */
  public void hear(byte[] document, List<Envelope> envelopes, boolean withdrawn) {
    Contract contract = Json.read(document, Contract.class);
    store.inTransaction(
        "hear contract",
        t -> {
          Optional<Held> held = find(t, contract.id());
          if (held.isPresent()
              && held.get().own != null
              && !Arrays.equals(held.get().document, document)) {
            throw new ProblemException(
                ErrorCode.CONFLICT,
                contract.id().value(),
                "the text that " + keys.party() + " signed",
                "another text");
          }
          return t.update(
              """
              INSERT INTO contract (id, document, envelopes, withdrawn, withdrawal_accepted)
              VALUES (?, ?, ?, ?, ?)
              ON CONFLICT (id) DO UPDATE SET document = excluded.document,
                envelopes = excluded.envelopes, withdrawn = max(withdrawn, excluded.withdrawn),
                withdrawal_accepted = max(withdrawal_accepted, excluded.withdrawal_accepted)\
              """,
              contract.id().value(),
              document,
              Json.canonical(envelopes),
              withdrawn ? 1 : 0,
              withdrawn ? 1 : 0);
        });
  }

  /** Signs; the same signature again when asked twice. The transaction may be retried. */
  public Envelope sign(ContractId id) {
    Held held = get(id);
    if (held.own != null) {
      return held.own;
    }
    Contract.Member own =
        held.contract
            .member(keys.party())
            .orElseThrow(
                () ->
                    new ProblemException(
                        ErrorCode.CONTRACT_VIOLATED,
                        id.value(),
                        "a contract with " + keys.party(),
                        "one without"));
    if (!own.keys().equals(keys.publicKeys().digest())) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED,
          id.value(),
          "this party's current keys",
          "others: create the contract again");
    }
    Envelope envelope = Envelope.sign(Contract.PAYLOAD_TYPE, held.document, keys);
    store.inTransaction(
        "sign contract",
        t ->
            t.update(
                "UPDATE contract SET own_envelope = ? WHERE id = ? AND own_envelope IS NULL",
                envelope.bytes(),
                id.value()));
    return envelope;
  }

  /** Takes effect at once for this party, whatever the coordinator does. May be retried. */
  public void withdraw(ContractId id) {
    get(id);
    store.inTransaction(
        "withdraw contract",
        t -> t.update("UPDATE contract SET withdrawn = 1 WHERE id = ?", id.value()));
  }

  /**
   * The contract, once it is known to bind: this party signed this very text, so did every other
   * with the keys pinned in it, and none withdrew.
   */
  public Contract binding(ContractId id, byte[] document, List<Envelope> envelopes) {
    Held held = get(id);
    if (held.withdrawn) {
      throw new ProblemException(
          ErrorCode.WITHDRAWN, id.value(), "a contract in force", "withdrawn");
    }
    if (held.own == null || !Arrays.equals(held.document, document)) {
      throw new ProblemException(
          ErrorCode.CONTRACT_VIOLATED,
          id.value(),
          "the text that " + keys.party() + " signed",
          "another, or none signed");
    }
    for (Contract.Member member : held.contract.parties()) {
      boolean signed = member.party().equals(keys.party()) || isSignedBy(envelopes, held, member);
      if (!signed) {
        throw new ProblemException(
            ErrorCode.SIGNATURE_REFUSED,
            id.value(),
            "a signature of every party",
            "none that verifies of " + member.party());
      }
    }
    return held.contract;
  }

  private boolean isSignedBy(List<Envelope> envelopes, Held held, Contract.Member member) {
    PartyKeys pinned;
    try {
      pinned = members.pinned(held.contract, member.party());
    } catch (ProblemException e) {
      return false;
    }
    return envelopes.stream()
        .sorted(Comparator.comparing(e -> !e.hintsAt(pinned)))
        .anyMatch(e -> isSignedBy(e, held, pinned));
  }

  private boolean isSignedBy(Envelope envelope, Held held, PartyKeys pinned) {
    try {
      return Arrays.equals(verified.verify(envelope, Contract.PAYLOAD_TYPE, pinned), held.document);
    } catch (ProblemException e) {
      return false;
    }
  }

  /** Signatures that the coordinator has not said it stored. */
  List<Envelope> signaturesUnaccepted() {
    return store.read(
        "signatures to say",
        t ->
            t.query(
                "SELECT own_envelope FROM contract WHERE own_envelope IS NOT NULL AND"
                    + " signature_accepted = 0",
                row -> Envelope.read(row.getBytes(1))));
  }

  /** The transaction may be retried. */
  void signatureAccepted(ContractId id) {
    store.inTransaction(
        "signature accepted",
        t -> t.update("UPDATE contract SET signature_accepted = 1 WHERE id = ?", id.value()));
  }

  public boolean isSignatureAccepted(ContractId id) {
    return store.read(
        "signature accepted",
        t ->
            t.one(
                    "SELECT signature_accepted FROM contract WHERE id = ?",
                    row -> row.getInt(1) == 1,
                    id.value())
                .orElse(false));
  }

  List<ContractId> withdrawalsUnaccepted() {
    return store.read(
        "withdrawals to say",
        t ->
            t.query(
                "SELECT id FROM contract WHERE withdrawn = 1 AND withdrawal_accepted = 0",
                row -> new ContractId(row.getString(1))));
  }

  /** The transaction may be retried. */
  void withdrawalAccepted(ContractId id) {
    store.inTransaction(
        "withdrawal accepted",
        t -> t.update("UPDATE contract SET withdrawal_accepted = 1 WHERE id = ?", id.value()));
  }

  public Held get(ContractId id) {
    return find(id)
        .orElseThrow(
            () ->
                new ProblemException(
                    ErrorCode.UNKNOWN_CONTRACT,
                    "contract",
                    "a contract that names " + keys.party(),
                    id.value()));
  }

  public Optional<Held> find(ContractId id) {
    return store.read("contract", t -> find(t, id));
  }

  private Optional<Held> find(Transaction t, ContractId id) throws SQLException {
    return t.one(SELECT + " WHERE id = ?", this::held, id.value());
  }

  public List<Held> all() {
    return store.read("contracts", t -> t.query(SELECT + " ORDER BY id", this::held));
  }

  private static final String SELECT =
      "SELECT document, envelopes, own_envelope, withdrawn FROM contract";

  /** Contracts are read for every signature that a job holds, and change with their rows only. */
  private Held held(ResultSet row) throws SQLException {
    Row read = new Row(row.getBytes(1), row.getBytes(2), row.getBytes(3), row.getInt(4) == 1);
    Digest key = Digest.of(read.document);
    Parsed last = parsed.get(key);
    if (last != null && last.row.isSame(read)) {
      return last.held;
    }
    Held held =
        new Held(
            Json.read(read.document, Contract.class),
            read.document,
            List.of(Json.read(read.envelopes, Envelope[].class)),
            read.own == null ? null : Envelope.read(read.own),
            read.withdrawn);
    parsed.put(key, new Parsed(read, held));
    return held;
  }

  private record Parsed(Row row, Held held) {}

  private record Row(byte[] document, byte[] envelopes, byte @Nullable [] own, boolean withdrawn) {
    boolean isSame(Row other) {
      return Arrays.equals(document, other.document)
          && Arrays.equals(envelopes, other.envelopes)
          && Arrays.equals(own, other.own)
          && withdrawn == other.withdrawn;
    }
  }
}

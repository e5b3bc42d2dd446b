package hesuan.coordinator.catalogue;

import hesuan.coordinator.access.Members;
import hesuan.evidence.Envelope;
import hesuan.evidence.PartyKeys;
import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.Contract;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Contracts offered, and their parties' signatures. A contract binds once every party in it has
 * signed its canonical bytes with the keys that it pins. Safe for many threads.
 */
public final class Contracts {
  private static final String COLUMNS =
      "id, document, digest, created_by, created_millis, withdrawn_millis, withdrawn_by";

  /**
   * @param signatures envelope by signer, of those who have signed
   */
  public record Offered(
      Contract contract,
      byte[] document,
      Digest digest,
      String createdBy,
      long createdMillis,
      Map<PartyId, byte[]> signatures,
      boolean withdrawn) {

    public Collection<PartyId> parties() {
      return contract.parties().stream().map(Contract.Member::party).toList();
    }

    /** Every party has signed and none has withdrawn. */
    public boolean binds() {
      return !withdrawn && signatures.keySet().containsAll(parties());
    }
  }

  private final Store store;
  private final Members members;
  private final Clock clock;

  public Contracts(Store store, Members members, Clock clock) {
    this.store = store;
    this.members = members;
    this.clock = clock;
  }

  /** Offers a contract to its parties; the same offer again does nothing. */
  public Offered create(PartyId by, Contract contract) {
    check(by, contract);
    byte[] document = Json.canonical(contract);
    Digest digest = Digest.of(document);
    return store.inTransaction(
        "create contract",
        t -> {
          Optional<Offered> known = find(t, contract.id());
          if (known.isPresent()) {
            return sameDocument(known.get(), digest);
          }
          t.update(
              "INSERT INTO contract (id, document, digest, created_by, created_millis)"
                  + " VALUES (?, ?, ?, ?, ?)",
              contract.id().value(),
              document,
              digest.hex(),
              by.value(),
              clock.millis());
          for (Contract.Member member : contract.parties()) {
            t.update(
                "INSERT INTO contract_party (contract, party) VALUES (?, ?)",
                contract.id().value(),
                member.party().value());
          }
          return find(t, contract.id()).orElseThrow();
        });
  }

  private void check(PartyId by, Contract contract) {
    if (!contract.apiVersion().equals(Product.VERSION)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "apiVersion", Product.VERSION, contract.apiVersion());
    }
    if (contract.member(by).isEmpty()) {
      throw new ProblemException(
          ErrorCode.NOT_AUTHORISED, "parties", "a contract with " + by, "one without");
    }
    if (contract.parties().stream().map(Contract.Member::party).distinct().count()
        != contract.parties().size()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "parties", "each party once", "a party twice");
    }
    for (Contract.Member member : contract.parties()) {
      Digest enrolled = members.require(member.party()).keysDigest();
      if (!enrolled.equals(member.keys())) {
        throw new ProblemException(
            ErrorCode.CONFLICT,
            "keys of " + member.party(),
            "the enrolled keys, " + enrolled,
            member.keys().hex());
      }
    }
  }

  private static Offered sameDocument(Offered known, Digest digest) {
    if (!known.digest().equals(digest)) {
      throw new ProblemException(
          ErrorCode.CONFLICT,
          "contract " + known.contract().id(),
          "the contract offered before, " + known.digest(),
          digest.hex());
    }
    return known;
  }

  /**
   * Takes a party's signature; a second one does nothing.
   *
   * @return the contract as it now stands, when this signature was new
   */
  public Optional<Offered> sign(PartyId from, byte[] envelopeBytes) {
    Envelope envelope = Envelope.read(envelopeBytes);
    PartyKeys keys = members.require(from).keys();
    Contract signed = envelope.verify(Contract.PAYLOAD_TYPE, keys, Contract.class);
    Offered known = requireSeen(from, signed.id());
    if (!Arrays.equals(known.document(), envelope.unverifiedPayload())) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED,
          "contract " + signed.id(),
          "the document offered, " + known.digest(),
          "another document");
    }
    if (!signed.member(from).orElseThrow().keys().equals(keys.digest())) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED,
          "contract " + signed.id(),
          "the keys that the contract pins for " + from,
          "other keys");
    }
    return store.inTransaction(
        "sign contract",
        t -> {
          long now = clock.millis();
          int rows =
              t.update(
                  "UPDATE contract_party SET envelope = ?, signed_millis = ?"
                      + " WHERE contract = ? AND party = ? AND envelope IS NULL",
                  envelopeBytes,
                  now,
                  signed.id().value(),
                  from.value());
          if (rows == 0) {
            return Optional.empty();
          }
          return find(t, signed.id());
        });
  }

  /** Marks a contract as withdrawn; answers whether it was not yet. Any party of it may. */
  public boolean withdraw(PartyId by, ContractId id) {
    requireSeen(by, id);
    return store.inTransaction(
        "withdraw contract",
        t -> {
          long now = clock.millis();
          int rows =
              t.update(
                  "UPDATE contract SET withdrawn_millis = ?, withdrawn_by = ?"
                      + " WHERE id = ? AND withdrawn_millis IS NULL",
                  now,
                  by.value(),
                  id.value());
          return rows > 0;
        });
  }

  /** All, or those of a party. */
  public List<Offered> list(Optional<PartyId> of) {
    return store.read(
        "list contracts",
        t -> {
          List<String> ids =
              of.isPresent()
                  ? t.query(
                      "SELECT contract FROM contract_party WHERE party = ? ORDER BY contract",
                      row -> row.getString(1),
                      of.get().value())
                  : t.query("SELECT id FROM contract ORDER BY id", row -> row.getString(1));
          List<Offered> all = new ArrayList<>();
          for (String id : ids) {
            all.add(find(t, new ContractId(id)).orElseThrow());
          }
          return all;
        });
  }

  public Optional<Offered> find(ContractId id) {
    return store.read("find contract", t -> find(t, id));
  }

  public Offered require(ContractId id) {
    return find(id).orElseThrow(() -> unknown(id));
  }

  /** A contract of which that party is a part; another one is as good as absent. */
  public Offered requireSeen(PartyId party, ContractId id) {
    return find(id)
        .filter(offered -> offered.parties().contains(party))
        .orElseThrow(() -> unknown(id));
  }

  private static ProblemException unknown(ContractId id) {
    return new ProblemException(
        ErrorCode.UNKNOWN_CONTRACT, "contract", "a contract of your party", id.value());
  }

  private static Optional<Offered> find(Transaction t, ContractId id) throws SQLException {
    Map<PartyId, byte[]> signatures =
        t
            .query(
                "SELECT party, envelope FROM contract_party"
                    + " WHERE contract = ? AND envelope IS NOT NULL",
                row -> Map.entry(new PartyId(row.getString(1)), row.getBytes(2)),
                id.value())
            .stream()
            .collect(
                Collectors.toMap(
                    Map.Entry::getKey, Map.Entry::getValue, (a, b) -> a, TreeMap::new));
    return t.one(
        "SELECT " + COLUMNS + " FROM contract WHERE id = ?",
        row -> offered(row, signatures),
        id.value());
  }

  private static Offered offered(ResultSet row, Map<PartyId, byte[]> signatures)
      throws SQLException {
    byte[] document = row.getBytes("document");
    return new Offered(
        Json.read(document, Contract.class),
        document,
        new Digest(row.getString("digest")),
        row.getString("created_by"),
        row.getLong("created_millis"),
        signatures,
        row.getObject("withdrawn_millis") != null);
  }
}

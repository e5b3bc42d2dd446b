package hesuan.agent;

import hesuan.evidence.PartyKeys;
import hesuan.store.Store;
import hesuan.wire.Contract;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The other parties as the coordinator tells of them. Their keys are hearsay until a contract that
 * this party signed pins them: {@link #pinned} is what counts.
 */
public final class Members {
  public record Member(PartyId party, PartyKeys keys, String dataAddress) {}

  private final Store store;

  /** What the store holds, or null when that has changed since it was read. */
  private volatile @Nullable Map<PartyId, Member> known;

  Members(Store store) {
    this.store = store;
  }

  /** The transaction may be retried. */
  public synchronized void remember(PartyId party, PartyKeys keys, String dataAddress) {
    if (!keys.party().equals(party)) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED, "roster", "keys of " + party, "keys of " + keys.party());
    }
    store.inTransaction(
        "remember member",
        t ->
            t.update(
                """
                INSERT INTO member (party, keys, data_address) VALUES (?, ?, ?)
                ON CONFLICT (party) DO UPDATE
                SET keys = excluded.keys, data_address = excluded.data_address""",
                party.value(),
                Json.canonical(keys),
                dataAddress));
    known = null;
  }

  public List<Member> all() {
    return store.read(
        "members",
        t ->
            t.query(
                "SELECT party, keys, data_address FROM member ORDER BY party",
                row ->
                    new Member(
                        new PartyId(row.getString(1)),
                        Json.read(row.getBytes(2), PartyKeys.class),
                        row.getString(3))));
  }

  public Optional<Member> find(PartyId party) {
    Map<PartyId, Member> members = known;
    if (members == null) {
      synchronized (this) {
        members = all().stream().collect(Collectors.toUnmodifiableMap(Member::party, m -> m));
        known = members;
      }
    }
    return Optional.ofNullable(members.get(party));
  }

  /**
   * The keys of a party, if they are the ones that the contract pins.
   *
   * @throws ProblemException UNKNOWN_PARTY, or SIGNATURE_REFUSED where they differ
   */
  public PartyKeys pinned(Contract contract, PartyId party) {
    Digest pinned =
        contract
            .member(party)
            .orElseThrow(
                () ->
                    new ProblemException(
                        ErrorCode.CONTRACT_VIOLATED,
                        contract.id().value(),
                        "a party of the contract",
                        party.value()))
            .keys();
    PartyKeys keys =
        find(party)
            .orElseThrow(
                () ->
                    new ProblemException(
                        ErrorCode.UNKNOWN_PARTY,
                        "roster",
                        "keys of every party",
                        party + " has none"))
            .keys();
    if (!keys.digest().equals(pinned)) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED,
          party.value(),
          "the keys pinned in " + contract.id(),
          "other keys");
    }
    return keys;
  }
}

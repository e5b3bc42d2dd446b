package hesuan.wire;

import java.time.LocalDate;
import java.util.List;
import java.util.Optional;

/**
 * A digital contract: who, with which keys, for what purposes, over which products, by which
 * protocols, what may come out, to whom, until when, how often. It binds once every party in it has
 * signed its canonical bytes, in an envelope of {@link #PAYLOAD_TYPE}.
 *
 * @param assumptions what the protocols rest on, in the words of docs/protocols (for instance
 *     {@code leader-and-helper-do-not-collude}); signing accepts them
 */
public record Contract(
    String apiVersion,
    ContractId id,
    List<Member> parties,
    List<String> purposes,
    List<String> products,
    List<String> protocols,
    List<Output> outputs,
    LocalDate notBefore,
    LocalDate notAfter,
    int jobsMax,
    List<String> assumptions) {

  public static final String PAYLOAD_TYPE = "application/vnd.hesuan.contract+json";

  /**
   * A party and the digest of the key set with which it signs: a swapped key breaks the contract.
   */
  public record Member(PartyId party, Digest keys) {}

  /**
   * @param form {@code aggregate} (noised figures), {@code model} (trained parameters) or {@code
   *     members} (each receiver's list of its own people)
   */
  public record Output(String form, List<PartyId> to) {
    public Output {
      to = List.copyOf(to);
    }
  }

  public Contract {
    parties = List.copyOf(parties);
    purposes = List.copyOf(purposes);
    products = List.copyOf(products);
    protocols = List.copyOf(protocols);
    outputs = List.copyOf(outputs);
    assumptions = List.copyOf(assumptions);
    if (parties.size() < 2) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "parties", "at least two", "" + parties.size());
    }
    if (notAfter.isBefore(notBefore)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "notAfter", "from " + notBefore + " on", "" + notAfter);
    }
  }

  public Optional<Member> member(PartyId party) {
    return parties.stream().filter(m -> m.party().equals(party)).findFirst();
  }
}

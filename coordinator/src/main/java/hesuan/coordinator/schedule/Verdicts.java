package hesuan.coordinator.schedule;

import hesuan.control.Verdict;
import hesuan.coordinator.access.Members;
import hesuan.coordinator.catalogue.Contracts;
import hesuan.evidence.Envelope;
import hesuan.evidence.PartyKeys;
import hesuan.job.PartyVerdict;
import hesuan.wire.Contract;
import hesuan.wire.Countersignature;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;

/**
 * What a party says to a proposal: a yes counts with its signature over that very plan, by the keys
 * that the contract pins; a no counts in its own name.
 */
final class Verdicts {
  private final Members members;
  private final Contracts contracts;

  Verdicts(Members members, Contracts contracts) {
    this.members = members;
    this.contracts = contracts;
  }

  /**
   * @throws ProblemException SIGNATURE_REFUSED, or INVALID_VALUE for a no without reasons or in
   *     another's name
   */
  PartyVerdict read(Job job, PartyId from, Verdict said) {
    if (!said.getAdmitted()) {
      return refusal(from, said.getRefusal().toByteArray());
    }
    check(job, from, Envelope.read(said.getEnvelope().toByteArray()));
    return PartyVerdict.admitted(from);
  }

  private void check(Job job, PartyId from, Envelope envelope) {
    PartyKeys keys = members.require(from).keys();
    Digest pinned =
        contracts
            .require(job.contract())
            .contract()
            .member(from)
            .map(Contract.Member::keys)
            .orElseThrow();
    if (!keys.digest().equals(pinned)) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED,
          "keys of " + from,
          "those that " + job.contract() + " pins",
          "other keys");
    }
    Countersignature signed =
        envelope.verify(Countersignature.PAYLOAD_TYPE, keys, Countersignature.class);
    Countersignature expected = new Countersignature(from, job.id(), job.requirePlan().digest());
    if (!signed.equals(expected)) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED,
          "countersignature of " + from,
          "plan " + expected.plan(),
          signed.job() + ", plan " + signed.plan());
    }
  }

  private static PartyVerdict refusal(PartyId from, byte[] bytes) {
    PartyVerdict said = Json.read(bytes, PartyVerdict.class);
    if (!said.party().equals(from) || said.admitted()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "refusal",
          "a verdict of " + from + " with reasons",
          "of " + said.party() + " with " + said.refusals().size());
    }
    return said;
  }
}

package hesuan.agent.step;

import hesuan.aggregate.PartySigner;
import hesuan.aggregate.PartyVerifier;
import hesuan.evidence.DetachedSignature;
import hesuan.evidence.PartyKeys;
import hesuan.evidence.SigningKeys;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.util.function.Function;

/** Signatures inside a protocol: by the party's signing keys, over the digest of the message. */
public record Signatures(SigningKeys keys, Function<PartyId, PartyKeys> pinned)
    implements PartySigner, PartyVerifier {
  private static final String PAYLOAD_TYPE = "application/vnd.hesuan.step-message";

  @Override
  public byte[] sign(byte[] message) {
    return DetachedSignature.sign(PAYLOAD_TYPE, Digest.of(message).bytes(), keys);
  }

  @Override
  public boolean verifies(PartyId party, byte[] message, byte[] signature) {
    try {
      PartyKeys theirs = party.equals(keys.party()) ? keys.publicKeys() : pinned.apply(party);
      return DetachedSignature.verifies(
          PAYLOAD_TYPE, Digest.of(message).bytes(), signature, theirs);
    } catch (ProblemException e) {
      return false; // no keys are pinned for that party
    }
  }
}

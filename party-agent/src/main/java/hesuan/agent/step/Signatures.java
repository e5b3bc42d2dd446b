package hesuan.agent.step;

import hesuan.aggregate.PartySigner;
import hesuan.aggregate.PartyVerifier;
import hesuan.evidence.Envelope;
import hesuan.evidence.PartyKeys;
import hesuan.evidence.SigningKeys;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.util.Arrays;
import java.util.function.Function;

/** Signatures inside a protocol: by the party's signing keys, over the digest of the message. */
public record Signatures(SigningKeys keys, Function<PartyId, PartyKeys> pinned)
    implements PartySigner, PartyVerifier {
  private static final String PAYLOAD_TYPE = "application/vnd.hesuan.step-message";

  @Override
  public byte[] sign(byte[] message) {
    return Envelope.sign(PAYLOAD_TYPE, Digest.of(message).bytes(), keys).bytes();
  }

  @Override
  public boolean verifies(PartyId party, byte[] message, byte[] signature) {
    try {
      PartyKeys theirs = party.equals(keys.party()) ? keys.publicKeys() : pinned.apply(party);
      byte[] signed = Envelope.read(signature).verify(PAYLOAD_TYPE, theirs);
      return Arrays.equals(signed, Digest.of(message).bytes());
    } catch (ProblemException e) {
      return false;
    }
  }
}

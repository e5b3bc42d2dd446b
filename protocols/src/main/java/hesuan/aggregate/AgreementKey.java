package hesuan.aggregate;

import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.crypto.KDF;
import javax.crypto.spec.HKDFParameterSpec;
import org.bouncycastle.math.ec.rfc7748.X25519;

/** An X25519 key of one session (RFC 7748); wiped on close. */
final class AgreementKey implements AutoCloseable {
  static final int BYTES = 32;

  private final byte[] secret;
  private final byte[] open = new byte[BYTES];

  /** Takes the array over. */
  AgreementKey(byte[] secret) {
    this.secret = secret;
    X25519.scalarMultBase(secret, 0, open, 0);
  }

  static AgreementKey fresh(SecureRandom random) {
    byte[] secret = new byte[BYTES];
    random.nextBytes(secret);
    return new AgreementKey(secret);
  }

  byte[] open() {
    return open.clone();
  }

  byte[] secretCopy() {
    return secret.clone();
  }

  /**
   * A peer and what is agreed on with it.
   *
   * @param open its key
   * @param purpose separates keys from one agreement; ordered where direction matters
   */
  record Peer(PartyId party, byte[] open, byte[] purpose) {}

  /**
   * 32 bytes that only the two key holders have, for one purpose.
   *
   * @param salt public, and the same at both
   */
  byte[] agree(PartyId peer, byte[] peerOpen, byte[] salt, byte[] purpose) {
    return agree(new Peer(peer, peerOpen, purpose), salt, BYTES);
  }

  /** With each of many peers, so many bytes. */
  List<byte[]> agree(List<Peer> peers, byte[] salt, int bytes) {
    List<byte[]> agreed = new ArrayList<>();
    peers.forEach(peer -> agreed.add(agree(peer, salt, bytes)));
    return agreed;
  }

  private byte[] agree(Peer peer, byte[] salt, int bytes) {
    byte[] agreed = new byte[BYTES];
    if (!X25519.calculateAgreement(secret, 0, peer.open, 0, agreed, 0)) {
      throw new ProblemException(
          ErrorCode.PROTOCOL_VIOLATION,
          peer.party.value(),
          "a key of full order",
          "a key of small order");
    }
    try {
      return KDF.getInstance("HKDF-SHA256")
          .deriveData(
              HKDFParameterSpec.ofExtract()
                  .addIKM(agreed)
                  .addSalt(salt)
                  .thenExpand(peer.purpose, bytes));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("JDK 25 has HKDF", e);
    } finally {
      Arrays.fill(agreed, (byte) 0);
    }
  }

  @Override
  public void close() {
    Arrays.fill(secret, (byte) 0);
  }
}

package hesuan.evidence;

import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.SecretBytes;
import java.security.SecureRandom;
import java.util.Arrays;
import org.bouncycastle.crypto.CryptoException;
import org.bouncycastle.math.ec.rfc8032.Ed25519;
import org.bouncycastle.pqc.crypto.mldsa.MLDSAParameters;
import org.bouncycastle.pqc.crypto.mldsa.MLDSAPrivateKeyParameters;
import org.bouncycastle.pqc.crypto.mldsa.MLDSASigner;

/**
 * The secret half of a party's signing keys: Ed25519 and ML-DSA-44, always used together. Kept as
 * two 32-byte seeds, the only form that can be wiped and that no library re-encodes.
 *
 * <p>Both signatures are deterministic (FIPS 204 allows it), so that signing the same statement
 * again after a crash gives the same envelope. Bouncy Castle's low-level classes sign: they take
 * seeds, need no provider, and are several times faster than the JDK at Ed25519; the JDK's ML-DSA
 * is the faster one, but takes no seed. Thread-safe until closed.
 */
public final class SigningKeys implements AutoCloseable {
  private static final byte VERSION = 1;
  private static final int SEED = 32;
  private static final int EXPORT = 1 + 2 * SEED;

  private final byte[] ed25519Seed;
  private final byte[] mlDsa44Seed;
  private final PartyKeys publicKeys;
  private volatile boolean closed;

  private SigningKeys(PartyId party, byte[] ed25519Seed, byte[] mlDsa44Seed) {
    this.ed25519Seed = ed25519Seed;
    this.mlDsa44Seed = mlDsa44Seed;
    byte[] ed25519 = new byte[PartyKeys.ED25519_BYTES];
    Ed25519.generatePublicKey(ed25519Seed, 0, ed25519, 0);
    this.publicKeys =
        new PartyKeys(
            party,
            Base64Text.encode(ed25519),
            Base64Text.encode(mlDsa44().getPublicKeyParameters().getEncoded()));
  }

  public static SigningKeys generate(PartyId party, SecureRandom random) {
    byte[] ed25519Seed = new byte[SEED];
    byte[] mlDsa44Seed = new byte[SEED];
    random.nextBytes(ed25519Seed);
    random.nextBytes(mlDsa44Seed);
    return new SigningKeys(party, ed25519Seed, mlDsa44Seed);
  }

  /** The inverse of {@link #exportSecret}; the caller unseals, and closes what it passes. */
  public static SigningKeys importSecret(PartyId party, SecretBytes secret) {
    byte[] bytes = secret.exposeCopy();
    try {
      if (bytes.length != EXPORT || bytes[0] != VERSION) {
        throw new ProblemException(
            ErrorCode.MALFORMED_DOCUMENT,
            "signing keys of " + party,
            EXPORT + " bytes of version " + VERSION,
            bytes.length + " bytes");
      }
      return new SigningKeys(
          party,
          Arrays.copyOfRange(bytes, 1, 1 + SEED),
          Arrays.copyOfRange(bytes, 1 + SEED, EXPORT));
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  /** Both seeds, for the caller to seal before it stores them. */
  public SecretBytes exportSecret() {
    checkOpen();
    byte[] bytes = new byte[EXPORT];
    bytes[0] = VERSION;
    System.arraycopy(ed25519Seed, 0, bytes, 1, SEED);
    System.arraycopy(mlDsa44Seed, 0, bytes, 1 + SEED, SEED);
    try {
      return new SecretBytes(bytes);
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  public PartyId party() {
    return publicKeys.party();
  }

  public PartyKeys publicKeys() {
    return publicKeys;
  }

  /** The public keys, signed by themselves: who sends it holds the secrets. */
  public Envelope proofOfPossession() {
    return Envelope.sign(PartyKeys.PAYLOAD_TYPE, Json.canonical(publicKeys), this);
  }

  /** Callers put a context in front of what they sign: PAE here, a note or subtree label there. */
  byte[] signEd25519(byte[] message) {
    checkOpen();
    byte[] signature = new byte[PartyKeys.ED25519_SIGNATURE_BYTES];
    Ed25519.sign(ed25519Seed, 0, message, 0, message.length, signature, 0);
    return signature;
  }

  byte[] signMlDsa44(byte[] message) {
    checkOpen();
    MLDSASigner signer = new MLDSASigner();
    signer.init(true, mlDsa44());
    signer.update(message, 0, message.length);
    try {
      return signer.generateSignature();
    } catch (CryptoException e) {
      throw new IllegalStateException("ML-DSA-44 signing has no failing input", e);
    }
  }

  private MLDSAPrivateKeyParameters mlDsa44() {
    return new MLDSAPrivateKeyParameters(MLDSAParameters.ml_dsa_44, mlDsa44Seed);
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("signing keys of " + party() + " are wiped");
    }
  }

  @Override
  public String toString() {
    return "SigningKeys[" + party() + ", redacted]";
  }

  @Override
  public void close() {
    closed = true;
    Arrays.fill(ed25519Seed, (byte) 0);
    Arrays.fill(mlDsa44Seed, (byte) 0);
  }
}

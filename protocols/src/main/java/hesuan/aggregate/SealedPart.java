package hesuan.aggregate;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * A contribution's part for one aggregator, in pieces sealed by AES-256-GCM under a key that exists
 * for this contribution and this aggregator only; the nonce counts the pieces.
 */
final class SealedPart {
  private static final int PIECE_BYTES = 1 << 20;
  private static final int TAG_BYTES = 16;

  private SealedPart() {}

  /** The digest of what {@link #send} sends: it says nothing to those who lack the key. */
  static byte[] digest(byte[] key, byte[] part) {
    MessageDigest digest = Digest.sha256();
    for (int piece = 0; piece * (long) PIECE_BYTES < part.length; piece++) {
      digest.update(seal(key, part, piece));
    }
    return digest.digest();
  }

  static void send(Link link, byte[] key, byte[] part) {
    for (int piece = 0; piece * (long) PIECE_BYTES < part.length; piece++) {
      link.send(Phase.PART, seal(key, part, piece));
    }
  }

  /**
   * @throws ProblemException PROTOCOL_VIOLATION unless the pieces have that digest, and are sealed
   *     under that key
   */
  static byte[] receive(Link link, byte[] key, int bytes, byte[] digest) {
    MessageDigest found = Digest.sha256();
    byte[] part = new byte[bytes];
    for (int piece = 0; piece * (long) PIECE_BYTES < bytes; piece++) {
      int from = piece * PIECE_BYTES;
      int length = Math.min(PIECE_BYTES, bytes - from);
      byte[] sealed = link.receive(Phase.PART, length + TAG_BYTES);
      found.update(sealed);
      byte[] open = open(key, sealed, piece, link.peer());
      if (open.length != length) {
        throw violation(link.peer(), length + " bytes of its part", open.length + " bytes");
      }
      System.arraycopy(open, 0, part, from, length);
    }
    if (!MessageDigest.isEqual(found.digest(), digest)) {
      throw violation(link.peer(), "the part that it signed", "another");
    }
    return part;
  }

  private static byte[] seal(byte[] key, byte[] part, int piece) {
    int from = piece * PIECE_BYTES;
    try {
      return cipher(Cipher.ENCRYPT_MODE, key, piece)
          .doFinal(part, from, Math.min(PIECE_BYTES, part.length - from));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM encrypts", e);
    }
  }

  private static byte[] open(byte[] key, byte[] sealed, int piece, PartyId from) {
    try {
      return cipher(Cipher.DECRYPT_MODE, key, piece).doFinal(sealed);
    } catch (AEADBadTagException e) {
      throw violation(from, "a part sealed for this aggregator", "another");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES-GCM", e);
    }
  }

  private static Cipher cipher(int mode, byte[] key, int piece) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    byte[] nonce = ByteBuffer.allocate(12).putInt(8, piece).array();
    cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(8 * TAG_BYTES, nonce));
    return cipher;
  }

  private static ProblemException violation(PartyId from, String expected, String found) {
    return new ProblemException(ErrorCode.PROTOCOL_VIOLATION, from.value(), expected, found);
  }
}

package hesuan.evidence;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.util.Arrays;
import java.util.List;

/**
 * One file that proves one statement offline: the envelope, where the log holds it, and the log's
 * signed state. It brings no key; a verifier has its own. Canonical JSON, one spelling.
 *
 * @param consents for a release: the others' consent envelopes, in the statement's order
 * @param salt opens the leaf's commitment; base 64
 * @param hour of logging, as in the leaf
 * @param path inclusion proof, leaf to root
 * @param checkpoint the signed note
 * @param keys which key sets signed, by digest: tells a human what to look for
 */
public record Receipt(
    String apiVersion,
    Envelope envelope,
    List<Envelope> consents,
    String salt,
    long hour,
    long index,
    List<Digest> path,
    String checkpoint,
    List<KeyHint> keys) {
  public static final String VERSION = "hesuan/receipt/v1";

  public record KeyHint(PartyId party, Digest keys) {}

  public Receipt {
    consents = List.copyOf(consents);
    path = List.copyOf(path);
    keys = List.copyOf(keys);
    if (!apiVersion.equals(VERSION)) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "apiVersion", VERSION, apiVersion);
    }
    Base64Text.decodeExactly(salt, "salt", Leaf.SALT_BYTES);
    if (index < 0 || path.size() > Merkle.PATH_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "index, path", "a place in a tree", index + ", " + path.size());
    }
  }

  public static Receipt of(
      Envelope envelope,
      List<Envelope> consents,
      byte[] salt,
      long hour,
      long index,
      List<Digest> path,
      String checkpoint,
      List<KeyHint> keys) {
    return new Receipt(
        VERSION, envelope, consents, Base64Text.encode(salt), hour, index, path, checkpoint, keys);
  }

  public static Receipt read(byte[] bytes) {
    Receipt receipt = Json.read(bytes, Receipt.class);
    if (!Arrays.equals(bytes, receipt.bytes())) {
      throw new ProblemException(
          ErrorCode.MALFORMED_DOCUMENT, "receipt", "canonical JSON", "another spelling");
    }
    return receipt;
  }

  public byte[] bytes() {
    return Json.canonical(this);
  }

  /** What it claims to say, for display; nothing is known of it until it is verified. */
  public Statement unverifiedStatement() {
    return Statement.read(envelope.unverifiedPayload());
  }

  /** Names the entry whatever the log and its size: two receipts for one envelope share it. */
  public Digest envelopeDigest() {
    return envelope.digest();
  }

  byte[] saltBytes() {
    return Base64Text.decodeExactly(salt, "salt", Leaf.SALT_BYTES);
  }
}

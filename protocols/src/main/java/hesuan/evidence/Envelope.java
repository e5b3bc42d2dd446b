package hesuan.evidence;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Signed bytes with their type: DSSE v1. Each signer adds two signatures, Ed25519 then ML-DSA-44,
 * and counts only with both. Verify before reading: {@link #verify} is the one way to the payload
 * that says whose it is.
 *
 * @param payload base 64
 */
public record Envelope(String payloadType, String payload, List<Signature> signatures) {
  private static final int PAYLOAD_BYTES_MAX = 512 << 10;
  private static final int SIGNATURES_MAX = 32;
  private static final int PAYLOAD_TYPE_CHARS_MAX = 100;

  /**
   * @param keyid a hint; who signed is found by trying the keys that the verifier trusts
   * @param sig base 64
   */
  public record Signature(String keyid, String sig) {
    private static final int KEYID_CHARS_MAX = 100;

    public Signature {
      if (keyid.length() > KEYID_CHARS_MAX) {
        throw new ProblemException(
            ErrorCode.TOO_LARGE, "keyid", "at most " + KEYID_CHARS_MAX, "" + keyid.length());
      }
      Base64Text.decode(sig, "sig", PartyKeys.ML_DSA_44_SIGNATURE_BYTES);
    }

    private byte[] bytes() {
      return Base64Text.decode(sig, "sig", PartyKeys.ML_DSA_44_SIGNATURE_BYTES);
    }
  }

  public Envelope {
    signatures = List.copyOf(signatures);
    if (payloadType.isEmpty() || payloadType.length() > PAYLOAD_TYPE_CHARS_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "payloadType",
          "1 to " + PAYLOAD_TYPE_CHARS_MAX + " characters",
          "" + payloadType.length());
    }
    if (signatures.isEmpty() || signatures.size() > SIGNATURES_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "signatures", "1 to " + SIGNATURES_MAX, "" + signatures.size());
    }
    Base64Text.decode(payload, "payload", PAYLOAD_BYTES_MAX);
  }

  /** Signs canonical JSON, or whatever else the type says the bytes are. */
  public static Envelope sign(String payloadType, byte[] payload, SigningKeys keys) {
    return new Envelope(
        payloadType, Base64Text.encode(payload), signaturesBy(payloadType, payload, keys));
  }

  public static Envelope signDocument(String payloadType, Object document, SigningKeys keys) {
    return sign(payloadType, Json.canonical(document), keys);
  }

  /** The same payload with one more signer. */
  public Envelope cosigned(SigningKeys keys) {
    List<Signature> all = new ArrayList<>(signatures);
    all.addAll(signaturesBy(payloadType, unverifiedPayload(), keys));
    return new Envelope(payloadType, payload, all);
  }

  /** Reads canonical bytes; other spellings of the same envelope are refused. */
  public static Envelope read(byte[] bytes) {
    Envelope envelope = Json.read(bytes, Envelope.class);
    if (!Arrays.equals(bytes, envelope.bytes())) {
      throw new ProblemException(
          ErrorCode.MALFORMED_DOCUMENT, "envelope", "canonical JSON", "another spelling");
    }
    return envelope;
  }

  public byte[] bytes() {
    return Json.canonical(this);
  }

  public Digest digest() {
    return Digest.of(bytes());
  }

  /** For routing and display only: nothing is known about who wrote it. */
  public byte[] unverifiedPayload() {
    return Base64Text.decode(payload, "payload", PAYLOAD_BYTES_MAX);
  }

  /**
   * The payload, once it is known that the holder of these keys signed it as that type, with both
   * keys. Other signers' signatures are left alone.
   *
   * @throws ProblemException SIGNATURE_REFUSED
   */
  public byte[] verify(String expectedType, PartyKeys keys) {
    if (!payloadType.equals(expectedType)) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED, "payloadType", expectedType, payloadType);
    }
    byte[] body = unverifiedPayload();
    byte[] message = preAuthenticationEncoding(payloadType, body);
    boolean ed25519 = false;
    boolean mlDsa44 = false;
    for (Signature each : signatures) {
      byte[] signature = each.bytes();
      ed25519 = ed25519 || keys.ed25519Verifies(message, signature);
      mlDsa44 = mlDsa44 || keys.mlDsa44Verifies(message, signature);
    }
    if (!ed25519 || !mlDsa44) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED,
          "envelope",
          "Ed25519 and ML-DSA-44 by " + keys.party(),
          ed25519 ? "Ed25519 only" : mlDsa44 ? "ML-DSA-44 only" : "neither");
    }
    return body;
  }

  /** Whether a hint names one of these keys: where to look first, and proof of nothing. */
  public boolean hintsAt(PartyKeys keys) {
    String ed25519 = keys.ed25519KeyId();
    return signatures.stream().anyMatch(each -> each.keyid.equals(ed25519));
  }

  /** {@link #verify}, then the document in it. */
  public <T> T verify(String expectedType, PartyKeys keys, Class<T> type) {
    return Json.read(verify(expectedType, keys), type);
  }

  /** Which of these parties signed, each once however often its signatures are repeated. */
  public Set<PartyId> signersAmong(String expectedType, Collection<PartyKeys> candidates) {
    Set<PartyId> signers = new TreeSet<>();
    for (PartyKeys keys : candidates) {
      try {
        verify(expectedType, keys);
        signers.add(keys.party());
      } catch (ProblemException e) {
        if (e.problem().code() != ErrorCode.SIGNATURE_REFUSED) {
          throw e;
        }
      }
    }
    return signers;
  }

  /** No signature but this signer's two, in their order, under their names. */
  boolean holdsOnlySignaturesBy(PartyKeys keys) {
    return signatures.stream()
        .map(Signature::keyid)
        .toList()
        .equals(List.of(keys.ed25519KeyId(), keys.mlDsa44KeyId()));
  }

  private static List<Signature> signaturesBy(
      String payloadType, byte[] payload, SigningKeys keys) {
    byte[] message = preAuthenticationEncoding(payloadType, payload);
    PartyKeys names = keys.publicKeys();
    return List.of(
        new Signature(names.ed25519KeyId(), Base64Text.encode(keys.signEd25519(message))),
        new Signature(names.mlDsa44KeyId(), Base64Text.encode(keys.signMlDsa44(message))));
  }

  /** DSSE v1: what is signed binds the type and both lengths. */
  static byte[] preAuthenticationEncoding(String payloadType, byte[] payload) {
    byte[] type = payloadType.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream(payload.length + 128);
    out.writeBytes(("DSSEv1 " + type.length + " ").getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(type);
    out.writeBytes((" " + payload.length + " ").getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(payload);
    return out.toByteArray();
  }
}

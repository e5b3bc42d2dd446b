package hesuan.aggregate;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The messages, each with its encoding, decoding and what is signed about it. Parties are named by
 * their index in the settings' sorted roster; lists are in ascending order of it, each index once.
 */
final class Messages {
  private static final int KEY = AgreementKey.BYTES;
  private static final int DIGEST = 32;
  static final int SIGNATURE = PartySigner.SIGNATURE_BYTES_MAX;

  private Messages() {}

  /** A member's two public keys of this session. */
  record Advertisement(byte[] sealKey, byte[] maskKey, byte[] signature) {
    static final int BYTES_MAX = 2 * KEY + 2 + SIGNATURE;

    static byte[] statement(byte[] context, PartyId party, byte[] sealKey, byte[] maskKey) {
      return Statement.of("advertise", context, name(party), sealKey, maskKey);
    }

    void encode(Fields.Writer out) {
      out.fixed(sealKey).fixed(maskKey).block(signature);
    }

    static Advertisement decode(Fields.Reader in) {
      return new Advertisement(in.fixed(KEY), in.fixed(KEY), in.block(SIGNATURE));
    }

    void verify(SecureSumSettings settings, byte[] context, int index, PartyVerifier verifier) {
      PartyId party = settings.roster().get(index);
      check(verifier, party, statement(context, party, sealKey, maskKey), signature, "its keys");
    }
  }

  /** Everyone's advertisements, as the leader passes them on; its bytes are what is confirmed. */
  static byte[] encodeRoster(SortedMap<Integer, Advertisement> roster) {
    Fields.Writer out = new Fields.Writer();
    out.number(roster.size());
    roster.forEach(
        (index, advertisement) -> {
          out.number(index);
          advertisement.encode(out);
        });
    return out.bytes();
  }

  static SortedMap<Integer, Advertisement> decodeRoster(
      PartyId from, byte[] payload, SecureSumSettings settings) {
    Fields.Reader in = new Fields.Reader(from, payload);
    SortedMap<Integer, Advertisement> roster = new TreeMap<>();
    for (int left = count(in, settings); left > 0; left--) {
      roster.put(index(in, roster, settings), Advertisement.decode(in));
    }
    in.end();
    return roster;
  }

  static int rosterBytesMax(SecureSumSettings settings) {
    return 2 + settings.members() * (2 + Advertisement.BYTES_MAX);
  }

  /** A member's word that it saw this roster, and what it commits to. */
  record Confirmation(byte[] commitment, byte[] signature) {
    static final int BYTES_MAX = DIGEST + 2 + SIGNATURE;

    static byte[] statement(byte[] context, byte[] roster, PartyId party, byte[] commitment) {
      return Statement.of("confirm", context, roster, name(party), commitment);
    }

    static byte[] commitment(byte[] context, byte[] selfMaskSeed) {
      return Digest.of(Statement.of("self-mask", context, selfMaskSeed)).bytes();
    }

    void encode(Fields.Writer out) {
      out.fixed(commitment).block(signature);
    }

    static Confirmation decode(Fields.Reader in) {
      return new Confirmation(in.fixed(DIGEST), in.block(SIGNATURE));
    }

    void verify(
        SecureSumSettings settings,
        byte[] context,
        byte[] roster,
        int index,
        PartyVerifier verifier) {
      PartyId party = settings.roster().get(index);
      check(
          verifier, party, statement(context, roster, party, commitment), signature, "the roster");
    }
  }

  /** A confirmation and the sealed shares for every other member of the roster. */
  record Share(Confirmation confirmation, SortedMap<Integer, byte[]> boxes) {
    byte[] encode() {
      Fields.Writer out = new Fields.Writer();
      confirmation.encode(out);
      boxes.values().forEach(out::fixed);
      return out.bytes();
    }

    static Share decode(PartyId from, byte[] payload, Iterable<Integer> others) {
      Fields.Reader in = new Fields.Reader(from, payload);
      Confirmation confirmation = Confirmation.decode(in);
      SortedMap<Integer, byte[]> sealed = new TreeMap<>();
      others.forEach(other -> sealed.put(other, in.fixed(SealedShares.BYTES)));
      in.end();
      return new Share(confirmation, sealed);
    }

    static int bytesMax(SecureSumSettings settings) {
      return Confirmation.BYTES_MAX + settings.members() * SealedShares.BYTES;
    }
  }

  /** Everyone's confirmations, and the shares sealed for one receiver. */
  record Shares(SortedMap<Integer, Confirmation> confirmations, SortedMap<Integer, byte[]> boxes) {
    byte[] encode() {
      Fields.Writer out = new Fields.Writer();
      out.number(confirmations.size());
      confirmations.forEach(
          (index, confirmation) -> {
            out.number(index);
            confirmation.encode(out);
          });
      boxes.values().forEach(out::fixed);
      return out.bytes();
    }

    static Shares decode(PartyId from, byte[] payload, SecureSumSettings settings, int self) {
      Fields.Reader in = new Fields.Reader(from, payload);
      SortedMap<Integer, Confirmation> confirmations = new TreeMap<>();
      for (int left = count(in, settings); left > 0; left--) {
        confirmations.put(index(in, confirmations, settings), Confirmation.decode(in));
      }
      SortedMap<Integer, byte[]> sealed = new TreeMap<>();
      for (int index : confirmations.keySet()) {
        if (index != self) {
          sealed.put(index, in.fixed(SealedShares.BYTES));
        }
      }
      in.end();
      return new Shares(confirmations, sealed);
    }

    static int bytesMax(SecureSumSettings settings) {
      return 2 + settings.members() * (2 + Confirmation.BYTES_MAX + SealedShares.BYTES);
    }
  }

  /** The members whose confirmation was passed on, in 32 bytes. */
  static byte[] sharersDigest(
      byte[] context, byte[] roster, SortedMap<Integer, Confirmation> confirmations) {
    Fields.Writer out = new Fields.Writer();
    confirmations.forEach((index, c) -> out.number(index).fixed(c.commitment()));
    return Digest.of(Statement.of("sharers", context, roster, out.bytes())).bytes();
  }

  /** Members whose masked vector came whole, each with its digest. */
  static byte[] encodeSurvivors(SortedMap<Integer, byte[]> digests) {
    Fields.Writer out = new Fields.Writer();
    out.number(digests.size());
    digests.forEach((index, digest) -> out.number(index).fixed(digest));
    return out.bytes();
  }

  static SortedMap<Integer, byte[]> decodeSurvivors(
      PartyId from, byte[] payload, SecureSumSettings settings) {
    Fields.Reader in = new Fields.Reader(from, payload);
    SortedMap<Integer, byte[]> digests = new TreeMap<>();
    for (int left = count(in, settings); left > 0; left--) {
      digests.put(index(in, digests, settings), in.fixed(DIGEST));
    }
    in.end();
    return digests;
  }

  static int survivorsBytesMax(SecureSumSettings settings) {
    return 2 + settings.members() * (2 + DIGEST);
  }

  static byte[] survivorsStatement(byte[] context, byte[] sharers, byte[] survivors) {
    return Statement.of("survivors", context, sharers, survivors);
  }

  static byte[] encodeSignatures(SortedMap<Integer, byte[]> signatures) {
    Fields.Writer out = new Fields.Writer();
    out.number(signatures.size());
    signatures.forEach((index, signature) -> out.number(index).block(signature));
    return out.bytes();
  }

  static SortedMap<Integer, byte[]> decodeSignatures(
      PartyId from, byte[] payload, SecureSumSettings settings) {
    Fields.Reader in = new Fields.Reader(from, payload);
    SortedMap<Integer, byte[]> signatures = new TreeMap<>();
    for (int left = count(in, settings); left > 0; left--) {
      signatures.put(index(in, signatures, settings), in.block(SIGNATURE));
    }
    in.end();
    return signatures;
  }

  static int signaturesBytesMax(SecureSumSettings settings) {
    return 2 + settings.members() * (4 + SIGNATURE);
  }

  static Digest transcript(byte[] context, byte[] sharers, byte[] survivors) {
    return Digest.of(Statement.of("transcript", context, sharers, survivors));
  }

  static void check(
      PartyVerifier verifier, PartyId party, byte[] statement, byte[] signature, String what) {
    if (!verifier.verifies(party, statement, signature)) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED,
          party.value(),
          "its signature over " + what + " of this session",
          "a signature that does not verify");
    }
  }

  static boolean same(byte[] a, byte[] b) {
    return Arrays.equals(a, b);
  }

  private static byte[] name(PartyId party) {
    return party.value().getBytes(StandardCharsets.US_ASCII);
  }

  private static int count(Fields.Reader in, SecureSumSettings settings) {
    int count = in.number();
    if (count < settings.threshold() || count > settings.members()) {
      throw in.violation(
          "%d to %d members".formatted(settings.threshold(), settings.members()), "" + count);
    }
    return count;
  }

  private static int index(
      Fields.Reader in, SortedMap<Integer, ?> before, SecureSumSettings settings) {
    int index = in.number();
    if (!settings.isMember(index) || !before.isEmpty() && before.lastKey() >= index) {
      throw in.violation("members of the roster, ascending, each once", "index " + index);
    }
    return index;
  }
}

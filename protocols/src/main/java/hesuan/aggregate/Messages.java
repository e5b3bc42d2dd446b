package hesuan.aggregate;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The messages, each with its encoding, decoding and what is signed about it. Parties are named by
 * their index in the settings' sorted roster; lists are in ascending order of it, each index once.
 */
final class Messages {
  private static final int KEY = AgreementKey.BYTES;
  private static final int DIGEST = 32;
  static final int COIN = 32;
  static final int SIGNATURE = PartySigner.SIGNATURE_BYTES_MAX;

  private Messages() {}

  /** A member's two public keys of this session. */
  record Keys(byte[] seal, byte[] mask) {
    static final int BYTES = 2 * KEY;
  }

  /** What a member says of its keys, to the leader. */
  record Advertisement(Keys keys, byte[] signature) {
    static final int BYTES_MAX = Keys.BYTES + 2 + SIGNATURE;

    static byte[] statement(byte[] context, PartyId party, Keys keys) {
      return Statement.of("advertise", context, name(party), keys.seal(), keys.mask());
    }

    void encode(Fields.Writer out) {
      out.fixed(keys.seal()).fixed(keys.mask()).block(signature);
    }

    static Advertisement decode(Fields.Reader in) {
      return new Advertisement(new Keys(in.fixed(KEY), in.fixed(KEY)), in.block(SIGNATURE));
    }

    void verify(SecureSumSettings settings, byte[] context, int index, PartyVerifier verifier) {
      PartyId party = settings.roster().get(index);
      check(verifier, party, statement(context, party, keys), signature, "its keys");
    }
  }

  /**
   * Everyone's keys, as the leader passes them on. Its bytes are what each member confirms, once it
   * has found its own keys in it: so a confirmed roster needs no other proof of whose keys those
   * are.
   */
  static byte[] encodeRoster(SortedMap<Integer, Keys> roster) {
    Fields.Writer out = new Fields.Writer();
    out.number(roster.size());
    roster.forEach((index, keys) -> out.number(index).fixed(keys.seal()).fixed(keys.mask()));
    return out.bytes();
  }

  static SortedMap<Integer, Keys> decodeRoster(
      PartyId from, byte[] payload, SecureSumSettings settings) {
    Fields.Reader in = new Fields.Reader(from, payload);
    SortedMap<Integer, Keys> roster = new TreeMap<>();
    for (int left = count(in, settings.threshold(), settings); left > 0; left--) {
      roster.put(index(in, roster, settings), new Keys(in.fixed(KEY), in.fixed(KEY)));
    }
    in.end();
    return roster;
  }

  static int rosterBytesMax(SecureSumSettings settings) {
    return 2 + settings.members() * (2 + Keys.BYTES);
  }

  /**
   * What a member stands for: the self mask that it commits to, and the coin that draws its holders
   * ({@link Neighbours}).
   */
  record Word(byte[] commitment, byte[] coin) {
    static final int BYTES = DIGEST + COIN;

    static byte[] commitment(byte[] context, byte[] selfMaskSeed) {
      return Digest.of(Statement.of("self-mask", context, selfMaskSeed)).bytes();
    }

    /** Signed with it: that the member saw this roster, with its own keys in it. */
    byte[] statement(byte[] context, byte[] roster, PartyId party) {
      return Statement.of("confirm", context, roster, name(party), commitment, coin);
    }

    void encode(Fields.Writer out) {
      out.fixed(commitment).fixed(coin);
    }

    static Word decode(Fields.Reader in) {
      return new Word(in.fixed(DIGEST), in.fixed(COIN));
    }

    void verify(
        SecureSumSettings settings,
        byte[] context,
        byte[] roster,
        int index,
        byte[] signature,
        PartyVerifier verifier) {
      PartyId party = settings.roster().get(index);
      check(verifier, party, statement(context, roster, party), signature, "the roster");
    }
  }

  /** A member's word, signed, and its sealed shares. */
  record Share(Word word, byte[] signature, SortedMap<Integer, byte[]> boxes) {
    byte[] encode() {
      Fields.Writer out = new Fields.Writer();
      word.encode(out);
      out.block(signature);
      boxes.values().forEach(out::fixed);
      return out.bytes();
    }

    /**
     * @param holders those for whom shares are sealed, by the coin
     */
    static Share decode(
        PartyId from, byte[] payload, Function<byte[], ? extends Iterable<Integer>> holders) {
      Fields.Reader in = new Fields.Reader(from, payload);
      Word word = Word.decode(in);
      byte[] signature = in.block(SIGNATURE);
      SortedMap<Integer, byte[]> sealed = new TreeMap<>();
      holders
          .apply(word.coin())
          .forEach(holder -> sealed.put(holder, in.fixed(SealedShares.BYTES)));
      in.end();
      return new Share(word, signature, sealed);
    }

    static int bytesMax(SecureSumSettings settings) {
      return Word.BYTES + 2 + SIGNATURE + settings.members() * SealedShares.BYTES;
    }
  }

  /** A holder's word, with its signature over it. */
  record Confirmation(Word word, byte[] signature) {}

  /**
   * What a member is told of its neighbours that shared their secrets: the words of its own
   * holders, and the shares sealed for it by those whose holder it is.
   */
  record Neighbourhood(SortedMap<Integer, Confirmation> holders, SortedMap<Integer, byte[]> boxes) {

    byte[] encode() {
      Fields.Writer out = new Fields.Writer();
      out.number(holders.size());
      holders.forEach(
          (index, holder) -> {
            out.number(index);
            holder.word.encode(out);
            out.block(holder.signature);
          });
      out.number(boxes.size());
      boxes.forEach((index, box) -> out.number(index).fixed(box));
      return out.bytes();
    }

    static Neighbourhood decode(PartyId from, byte[] payload, SecureSumSettings settings) {
      Fields.Reader in = new Fields.Reader(from, payload);
      SortedMap<Integer, Confirmation> holders = new TreeMap<>();
      for (int left = count(in, 0, settings); left > 0; left--) {
        holders.put(
            index(in, holders, settings), new Confirmation(Word.decode(in), in.block(SIGNATURE)));
      }
      SortedMap<Integer, byte[]> boxes = new TreeMap<>();
      for (int left = count(in, 0, settings); left > 0; left--) {
        boxes.put(index(in, boxes, settings), in.fixed(SealedShares.BYTES));
      }
      in.end();
      return new Neighbourhood(holders, boxes);
    }

    static int bytesMax(SecureSumSettings settings) {
      return 4
          + Neighbours.holdersMax(settings) * (2 + Word.BYTES + 2 + SIGNATURE)
          + settings.members() * (2 + SealedShares.BYTES);
    }
  }

  /** Members whose masked vector came whole, or who signed the survivors, each with its digest. */
  static byte[] encodeDigests(SortedMap<Integer, byte[]> digests) {
    Fields.Writer out = new Fields.Writer();
    out.number(digests.size());
    digests.forEach((index, digest) -> out.number(index).fixed(digest));
    return out.bytes();
  }

  static SortedMap<Integer, byte[]> decodeDigests(Fields.Reader in, SecureSumSettings settings) {
    SortedMap<Integer, byte[]> digests = new TreeMap<>();
    for (int left = count(in, settings.threshold(), settings); left > 0; left--) {
      digests.put(index(in, digests, settings), in.fixed(DIGEST));
    }
    return digests;
  }

  static int digestsBytesMax(SecureSumSettings settings) {
    return 2 + settings.members() * (2 + DIGEST);
  }

  static byte[] survivorsStatement(byte[] context, byte[] roster, byte[] survivors) {
    return Statement.of("survivors", context, roster, survivors);
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
    for (int left = count(in, settings.threshold(), settings); left > 0; left--) {
      signatures.put(index(in, signatures, settings), in.block(SIGNATURE));
    }
    in.end();
    return signatures;
  }

  static int signaturesBytesMax(SecureSumSettings settings) {
    return 2 + settings.members() * (4 + SIGNATURE);
  }

  /** Places in the list of those who are said to have signed. */
  static byte[] encodePlaces(List<Integer> places) {
    Fields.Writer out = new Fields.Writer();
    places.forEach(out::number);
    return out.bytes();
  }

  /** The places, so many, ascending, each once. */
  static List<Integer> decodePlaces(PartyId from, byte[] payload, int count, int end) {
    Fields.Reader in = new Fields.Reader(from, payload);
    List<Integer> places = new ArrayList<>();
    while (places.size() < count) {
      int place = in.number();
      if (place >= end || !places.isEmpty() && places.getLast() >= place) {
        throw in.violation("places below " + end + ", ascending, each once", "place " + place);
      }
      places.add(place);
    }
    in.end();
    return places;
  }

  static Digest transcript(byte[] context, byte[] roster, byte[] survivors) {
    return Digest.of(Statement.of("transcript", context, roster, survivors));
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

  private static int count(Fields.Reader in, int least, SecureSumSettings settings) {
    int count = in.number();
    if (count < least || count > settings.members()) {
      throw in.violation("%d to %d members".formatted(least, settings.members()), "" + count);
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

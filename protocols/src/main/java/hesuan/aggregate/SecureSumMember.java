package hesuan.aggregate;

import hesuan.channel.Channel;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * A party that adds its vector and learns nothing of the others'. Reads top to bottom like {@code
 * docs/protocols/secure-sum.md}. One use, one thread, which may lend workers.
 */
public final class SecureSumMember {
  private final SecureSumSettings settings;
  private final Link leader;
  private final PartyId self;
  private final int selfIndex;
  private final PartySigner signer;
  private final PartyVerifier verifier;
  private final Workers workers;
  private final SecureRandom random;
  private final byte[] context;

  /** In the calling thread. */
  public SecureSumMember(
      SecureSumSettings settings,
      Channel leader,
      PartySigner signer,
      PartyVerifier verifier,
      SecureRandom random) {
    this(settings, leader, signer, verifier, Workers.ONE, random);
  }

  public SecureSumMember(
      SecureSumSettings settings,
      Channel leader,
      PartySigner signer,
      PartyVerifier verifier,
      Workers workers,
      SecureRandom random) {
    this.settings = settings;
    this.leader = new Link(leader);
    this.self = leader.self();
    this.selfIndex = settings.indexOf(self);
    this.signer = signer;
    this.verifier = verifier;
    this.workers = workers;
    this.random = random;
    this.context = settings.context();
    if (!leader.peer().equals(settings.leader()) || !settings.isMember(selfIndex)) {
      throw new IllegalArgumentException(
          "%s is no member of a sum that %s leads".formatted(self, leader.peer()));
    }
  }

  /**
   * @throws ProblemException whatever ended the sum, also where the leader or another member did
   */
  public SumReceipt run(long[] addend) {
    if (addend.length != settings.length()) {
      throw new IllegalArgumentException(
          "%d cells instead of %d".formatted(addend.length, settings.length()));
    }
    byte[] selfMaskSeed = new byte[AgreementKey.BYTES];
    random.nextBytes(selfMaskSeed);
    try (AgreementKey sealKey = AgreementKey.fresh(random);
        AgreementKey maskKey = AgreementKey.fresh(random)) {
      return add(addend, selfMaskSeed, sealKey, maskKey);
    } catch (ProblemException e) {
      abandon(e.problem());
      throw e;
    } finally {
      Arrays.fill(selfMaskSeed, (byte) 0);
    }
  }

  /** Instead of {@link #run}: this party has nothing to add, and the leader is told why. */
  public void abandon(Problem problem) {
    leader.tell(problem);
  }

  private SumReceipt add(
      long[] addend, byte[] selfMaskSeed, AgreementKey sealKey, AgreementKey maskKey) {
    advertise(sealKey, maskKey);

    byte[] rosterBytes = leader.receive(Phase.ROSTER, Messages.rosterBytesMax(settings));
    SortedMap<Integer, Messages.Keys> roster = checkedRoster(rosterBytes, sealKey, maskKey);
    byte[] rosterDigest = Digest.of(rosterBytes).bytes();

    Map<Integer, SealedShares> shares = new HashMap<>();
    share(roster, rosterDigest, selfMaskSeed, sealKey, maskKey, shares);
    Fields.Reader in =
        new Fields.Reader(
            leader.peer(),
            leader.receive(
                Phase.SHARES,
                Messages.sharersBytesMax(settings) + Messages.signedSharesBytesMax(settings)));
    SortedMap<Integer, Messages.Word> sharers = checkedSharers(in, roster);
    Neighbours neighbours = neighbours(settings, rosterDigest, roster.keySet(), sharers);
    receiveShares(in, roster, rosterDigest, sharers, neighbours, sealKey, shares);
    byte[] sharersDigest = Messages.sharersDigest(context, rosterDigest, sharers);

    byte[] sent =
        sendMasked(
            addend, selfMaskSeed, maskKey, roster, rosterDigest, neighbours.maskedWith(selfIndex));

    byte[] survivorsBytes = leader.receive(Phase.SURVIVORS, Messages.survivorsBytesMax(settings));
    SortedMap<Integer, byte[]> survivors = checkedSurvivors(survivorsBytes, sharers, sent);
    requireHolders(neighbours, survivors);
    agreeOnSurvivors(sharersDigest, survivorsBytes, survivors);
    unmask(neighbours.owned(selfIndex), survivors, shares);

    Digest transcript = Messages.transcript(context, sharersDigest, survivorsBytes);
    byte[] done = leader.receive(Phase.DONE, AgreementKey.BYTES);
    if (!Arrays.equals(done, transcript.bytes())) {
      throw violation("the transcript that this party saw", "another");
    }
    return new SumReceipt(parties(settings, survivors), transcript);
  }

  private void advertise(AgreementKey sealKey, AgreementKey maskKey) {
    Messages.Keys keys = new Messages.Keys(sealKey.open(), maskKey.open());
    byte[] signature = signer.sign(Messages.Advertisement.statement(context, self, keys));
    Fields.Writer out = new Fields.Writer();
    out.fixed(context);
    new Messages.Advertisement(keys, signature).encode(out);
    leader.send(Phase.ADVERTISE, out.bytes());
  }

  private SortedMap<Integer, Messages.Keys> checkedRoster(
      byte[] bytes, AgreementKey sealKey, AgreementKey maskKey) {
    SortedMap<Integer, Messages.Keys> roster =
        Messages.decodeRoster(leader.peer(), bytes, settings);
    requireCohort(roster.size());
    Messages.Keys own = roster.get(selfIndex);
    if (own == null
        || !Messages.same(own.seal(), sealKey.open())
        || !Messages.same(own.mask(), maskKey.open())) {
      throw violation("this party's own keys in the roster", "others, or none");
    }
    return roster;
  }

  /**
   * Shares of both secrets go to the holders that a fresh coin draws, in a small group also to this
   * party itself. They are sealed for keys that nobody has confirmed yet: until somebody has,
   * nothing that they protect leaves here.
   */
  private void share(
      SortedMap<Integer, Messages.Keys> roster,
      byte[] rosterDigest,
      byte[] selfMaskSeed,
      AgreementKey sealKey,
      AgreementKey maskKey,
      Map<Integer, SealedShares> kept) {
    byte[] coin = new byte[Messages.COIN];
    random.nextBytes(coin);
    List<Integer> holders =
        Neighbours.holders(settings, rosterDigest, roster.keySet(), selfIndex, coin);
    requireShares(holders.size());
    int[] points = IntStream.rangeClosed(1, holders.size()).toArray();
    byte[] maskSecret = maskKey.secretCopy();
    byte[][] ofSeed = Shamir.split(selfMaskSeed, settings.sharesMin(), points, random);
    byte[][] ofKey = Shamir.split(maskSecret, settings.sharesMin(), points, random);
    Arrays.fill(maskSecret, (byte) 0);
    SortedMap<Integer, byte[]> sealed = new TreeMap<>();
    for (int p = 0; p < points.length; p++) {
      int index = holders.get(p);
      SealedShares both = new SealedShares(ofSeed[p], ofKey[p]);
      if (index == selfIndex) {
        kept.put(index, both);
      } else {
        sealed.put(index, both.seal(sealing(roster, rosterDigest, sealKey, selfIndex, index)));
      }
    }
    Messages.Word word = new Messages.Word(Messages.Word.commitment(context, selfMaskSeed), coin);
    byte[] signature = signer.sign(word.statement(context, rosterDigest, self));
    leader.send(Phase.SHARE, new Messages.Share(word, signature, sealed).encode());
  }

  private SortedMap<Integer, Messages.Word> checkedSharers(
      Fields.Reader in, SortedMap<Integer, Messages.Keys> roster) {
    SortedMap<Integer, Messages.Word> sharers = Messages.decodeSharers(in, settings);
    requireCohort(sharers.size());
    if (!sharers.containsKey(selfIndex) || !roster.keySet().containsAll(sharers.keySet())) {
      throw violation("sharers out of the roster, this party among them", "others");
    }
    return sharers;
  }

  static Neighbours neighbours(
      SecureSumSettings settings,
      byte[] rosterDigest,
      Collection<Integer> roster,
      SortedMap<Integer, Messages.Word> sharers) {
    SortedMap<Integer, byte[]> coins = new TreeMap<>();
    sharers.forEach((index, word) -> coins.put(index, word.coin()));
    return new Neighbours(settings, rosterDigest, roster, coins);
  }

  /**
   * Every neighbour confirms the roster that this party saw, or the leader showed two, or keys of
   * its own: then nothing masked leaves here.
   */
  private void receiveShares(
      Fields.Reader in,
      SortedMap<Integer, Messages.Keys> roster,
      byte[] rosterDigest,
      SortedMap<Integer, Messages.Word> sharers,
      Neighbours neighbours,
      AgreementKey sealKey,
      Map<Integer, SealedShares> kept) {
    for (int index : neighbours.maskedWith(selfIndex)) {
      Objects.requireNonNull(sharers.get(index))
          .verify(settings, context, rosterDigest, index, in.block(Messages.SIGNATURE), verifier);
      if (neighbours.owned(selfIndex).contains(index)) {
        kept.put(
            index,
            SealedShares.open(
                sealing(roster, rosterDigest, sealKey, index, selfIndex),
                in.fixed(SealedShares.BYTES),
                settings.roster().get(index)));
      }
    }
    in.end();
    requireHolders(neighbours, sharers);
  }

  /**
   * Among the holders of its secrets are enough that are still there: to help, and because a party
   * all of whose honest neighbours are called lost stands alone with its mask.
   */
  private void requireHolders(Neighbours neighbours, SortedMap<Integer, ?> present) {
    requireShares(
        (int) neighbours.holders(selfIndex).stream().filter(present::containsKey).count());
  }

  private void requireShares(int holders) {
    if (holders < settings.sharesMin()) {
      throw new ProblemException(
          ErrorCode.GROUP_TOO_SMALL,
          "secure sum",
          "at least " + settings.sharesMin() + " holders of this party's shares",
          "" + holders);
    }
  }

  /** The key under which {@code from} seals for {@code to}; one of the two is this party. */
  private byte[] sealing(
      SortedMap<Integer, Messages.Keys> roster,
      byte[] rosterDigest,
      AgreementKey sealKey,
      int from,
      int to) {
    int other = from == selfIndex ? to : from;
    return sealKey.agree(
        settings.roster().get(other),
        Objects.requireNonNull(roster.get(other)).seal(),
        rosterDigest,
        Statement.of("seal", context, Statement.integers(from, to)));
  }

  private byte[] sendMasked(
      long[] addend,
      byte[] selfMaskSeed,
      AgreementKey maskKey,
      SortedMap<Integer, Messages.Keys> roster,
      byte[] rosterDigest,
      Iterable<Integer> neighbours) {
    try (Masks masks = new Masks()) {
      masks.add(selfMaskSeed.clone());
      for (int other : neighbours) {
        byte[] seed =
            pairwiseSeed(
                settings,
                context,
                rosterDigest,
                maskKey,
                selfIndex,
                other,
                Objects.requireNonNull(roster.get(other)).mask());
        if (selfIndex < other) {
          masks.add(seed);
        } else {
          masks.subtract(seed);
        }
      }
      return MaskedVector.send(leader, addend, masks, workers);
    }
  }

  /** The seed of the mask that the lower index adds and the higher subtracts. */
  static byte[] pairwiseSeed(
      SecureSumSettings settings,
      byte[] context,
      byte[] rosterDigest,
      AgreementKey own,
      int ownIndex,
      int otherIndex,
      byte[] otherOpen) {
    return own.agree(
        settings.roster().get(otherIndex),
        otherOpen,
        rosterDigest,
        Statement.of(
            "mask",
            context,
            Statement.integers(Math.min(ownIndex, otherIndex), Math.max(ownIndex, otherIndex))));
  }

  private SortedMap<Integer, byte[]> checkedSurvivors(
      byte[] bytes, SortedMap<Integer, Messages.Word> sharers, byte[] sent) {
    SortedMap<Integer, byte[]> survivors = Messages.decodeSurvivors(leader.peer(), bytes, settings);
    requireCohort(survivors.size());
    byte[] own = survivors.get(selfIndex);
    if (own == null || !Messages.same(own, sent)) {
      throw violation("this party's masked vector among the survivors'", "another, or none");
    }
    if (!sharers.keySet().containsAll(survivors.keySet())) {
      throw violation("survivors out of the sharers", "others");
    }
    return survivors;
  }

  /** This party signs one list only; so do the others: no second list finds enough signatures. */
  private void agreeOnSurvivors(
      byte[] sharersDigest, byte[] survivorsBytes, SortedMap<Integer, byte[]> survivors) {
    byte[] statement = Messages.survivorsStatement(context, sharersDigest, survivorsBytes);
    leader.send(Phase.SIGNATURE, signer.sign(statement));
    SortedMap<Integer, byte[]> signatures =
        Messages.decodeSignatures(
            leader.peer(),
            leader.receive(Phase.SIGNATURES, Messages.signaturesBytesMax(settings)),
            settings);
    if (!survivors.keySet().containsAll(signatures.keySet())) {
      throw violation("signatures of survivors", "others");
    }
    signatures.forEach(
        (index, signature) ->
            Messages.check(
                verifier, settings.roster().get(index), statement, signature, "the survivors"));
  }

  /** Of a survivor the self mask's share, of a lost one the masking key's: never both of one. */
  private void unmask(
      Iterable<Integer> owned,
      SortedMap<Integer, byte[]> survivors,
      Map<Integer, SealedShares> shares) {
    Fields.Writer out = new Fields.Writer();
    for (int index : owned) {
      SealedShares both = Objects.requireNonNull(shares.get(index));
      out.fixed(survivors.containsKey(index) ? both.selfMask() : both.maskKey());
    }
    leader.send(Phase.UNMASK, out.bytes());
  }

  static List<PartyId> parties(SecureSumSettings settings, SortedMap<Integer, ?> survivors) {
    return settings.roster().stream()
        .filter(
            party ->
                party.equals(settings.leader()) || survivors.containsKey(settings.indexOf(party)))
        .toList();
  }

  private void requireCohort(int members) {
    if (members < settings.membersMin()) {
      throw new ProblemException(
          ErrorCode.GROUP_TOO_SMALL,
          "secure sum",
          "at least " + (settings.membersMin() + 1) + " parties",
          "" + (members + 1));
    }
  }

  private ProblemException violation(String expected, String found) {
    return new ProblemException(
        ErrorCode.PROTOCOL_VIOLATION, leader.peer().value(), expected, found);
  }
}

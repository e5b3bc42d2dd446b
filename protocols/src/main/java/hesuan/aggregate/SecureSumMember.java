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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

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
    SortedMap<Integer, Messages.Advertisement> roster =
        checkedRoster(rosterBytes, sealKey, maskKey);
    byte[] rosterDigest = Digest.of(rosterBytes).bytes();

    Map<Integer, SealedShares> shares = new HashMap<>();
    share(roster, rosterDigest, selfMaskSeed, sealKey, maskKey, shares);
    SortedMap<Integer, Messages.Confirmation> sharers =
        receiveShares(roster, rosterDigest, sealKey, shares);
    byte[] sharersDigest = Messages.sharersDigest(context, rosterDigest, sharers);

    byte[] sent = sendMasked(addend, selfMaskSeed, maskKey, roster, rosterDigest, sharers.keySet());

    byte[] survivorsBytes = leader.receive(Phase.SURVIVORS, Messages.survivorsBytesMax(settings));
    SortedMap<Integer, byte[]> survivors = checkedSurvivors(survivorsBytes, sharers, sent);
    agreeOnSurvivors(sharersDigest, survivorsBytes, survivors);
    unmask(sharers, survivors, shares);

    Digest transcript = Messages.transcript(context, sharersDigest, survivorsBytes);
    byte[] done = leader.receive(Phase.DONE, AgreementKey.BYTES);
    if (!Arrays.equals(done, transcript.bytes())) {
      throw violation("the transcript that this party saw", "another");
    }
    return new SumReceipt(parties(settings, survivors), transcript);
  }

  private void advertise(AgreementKey sealKey, AgreementKey maskKey) {
    byte[] signature =
        signer.sign(
            Messages.Advertisement.statement(context, self, sealKey.open(), maskKey.open()));
    Fields.Writer out = new Fields.Writer();
    out.fixed(context);
    new Messages.Advertisement(sealKey.open(), maskKey.open(), signature).encode(out);
    leader.send(Phase.ADVERTISE, out.bytes());
  }

  private SortedMap<Integer, Messages.Advertisement> checkedRoster(
      byte[] bytes, AgreementKey sealKey, AgreementKey maskKey) {
    SortedMap<Integer, Messages.Advertisement> roster =
        Messages.decodeRoster(leader.peer(), bytes, settings);
    requireCohort(roster.size());
    Messages.Advertisement own = roster.get(selfIndex);
    if (own == null
        || !Messages.same(own.sealKey(), sealKey.open())
        || !Messages.same(own.maskKey(), maskKey.open())) {
      throw violation("this party's own keys in the roster", "others, or none");
    }
    roster.forEach(
        (index, advertisement) -> advertisement.verify(settings, context, index, verifier));
    return roster;
  }

  /** Shares of both secrets go to every member of the roster, this party's own share to itself. */
  private void share(
      SortedMap<Integer, Messages.Advertisement> roster,
      byte[] rosterDigest,
      byte[] selfMaskSeed,
      AgreementKey sealKey,
      AgreementKey maskKey,
      Map<Integer, SealedShares> kept) {
    int[] points = roster.keySet().stream().mapToInt(index -> index + 1).toArray();
    byte[] maskSecret = maskKey.secretCopy();
    byte[][] ofSeed = Shamir.split(selfMaskSeed, settings.threshold(), points, random);
    byte[][] ofKey = Shamir.split(maskSecret, settings.threshold(), points, random);
    Arrays.fill(maskSecret, (byte) 0);
    SortedMap<Integer, byte[]> sealed = new TreeMap<>();
    for (int p = 0; p < points.length; p++) {
      int index = points[p] - 1;
      SealedShares both = new SealedShares(ofSeed[p], ofKey[p]);
      if (index == selfIndex) {
        kept.put(index, both);
      } else {
        sealed.put(index, both.seal(sealing(roster, rosterDigest, sealKey, selfIndex, index)));
      }
    }
    byte[] commitment = Messages.Confirmation.commitment(context, selfMaskSeed);
    byte[] signature =
        signer.sign(Messages.Confirmation.statement(context, rosterDigest, self, commitment));
    leader.send(
        Phase.SHARE,
        new Messages.Share(new Messages.Confirmation(commitment, signature), sealed).encode());
  }

  private SortedMap<Integer, Messages.Confirmation> receiveShares(
      SortedMap<Integer, Messages.Advertisement> roster,
      byte[] rosterDigest,
      AgreementKey sealKey,
      Map<Integer, SealedShares> kept) {
    Messages.Shares received =
        Messages.Shares.decode(
            leader.peer(),
            leader.receive(Phase.SHARES, Messages.Shares.bytesMax(settings)),
            settings,
            selfIndex);
    SortedMap<Integer, Messages.Confirmation> sharers = received.confirmations();
    requireCohort(sharers.size());
    if (!sharers.containsKey(selfIndex) || !roster.keySet().containsAll(sharers.keySet())) {
      throw violation("sharers out of the roster, this party among them", "others");
    }
    // All confirm the same roster, or the leader showed two: then nothing masked leaves here.
    sharers.forEach(
        (index, confirmation) ->
            confirmation.verify(settings, context, rosterDigest, index, verifier));
    received
        .boxes()
        .forEach(
            (index, box) ->
                kept.put(
                    index,
                    SealedShares.open(
                        sealing(roster, rosterDigest, sealKey, index, selfIndex),
                        box,
                        settings.roster().get(index))));
    return sharers;
  }

  /** The key under which {@code from} seals for {@code to}; one of the two is this party. */
  private byte[] sealing(
      SortedMap<Integer, Messages.Advertisement> roster,
      byte[] rosterDigest,
      AgreementKey sealKey,
      int from,
      int to) {
    int other = from == selfIndex ? to : from;
    return sealKey.agree(
        settings.roster().get(other),
        Objects.requireNonNull(roster.get(other)).sealKey(),
        rosterDigest,
        Statement.of("seal", context, Statement.integers(from, to)));
  }

  private byte[] sendMasked(
      long[] addend,
      byte[] selfMaskSeed,
      AgreementKey maskKey,
      SortedMap<Integer, Messages.Advertisement> roster,
      byte[] rosterDigest,
      Iterable<Integer> sharers) {
    try (Masks masks = new Masks()) {
      masks.add(selfMaskSeed.clone());
      for (int other : sharers) {
        if (other != selfIndex) {
          byte[] seed =
              pairwiseSeed(
                  settings,
                  context,
                  rosterDigest,
                  maskKey,
                  selfIndex,
                  other,
                  Objects.requireNonNull(roster.get(other)).maskKey());
          if (selfIndex < other) {
            masks.add(seed);
          } else {
            masks.subtract(seed);
          }
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
      byte[] bytes, SortedMap<Integer, Messages.Confirmation> sharers, byte[] sent) {
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
      SortedMap<Integer, Messages.Confirmation> sharers,
      SortedMap<Integer, byte[]> survivors,
      Map<Integer, SealedShares> shares) {
    Fields.Writer out = new Fields.Writer();
    for (int index : sharers.keySet()) {
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

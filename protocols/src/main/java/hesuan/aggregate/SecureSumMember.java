package hesuan.aggregate;

import hesuan.channel.Channel;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

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

  /**
   * Shares that this party holds.
   *
   * @param keys agreed with their owner; none of this party's own
   */
  private record Held(SealedShares shares, @Nullable PairKeys keys) {}

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
    Roster roster = receiveRoster(sealKey, maskKey);

    SortedMap<Integer, Held> held = new TreeMap<>();
    SortedMap<Integer, PairKeys> holders = share(roster, selfMaskSeed, sealKey, maskKey, held);
    receiveShares(roster, sealKey, holders, held);

    byte[] sent = sendMasked(addend, selfMaskSeed, maskKey, roster, holders.keySet(), held);
    tellHolders(holders, sent);

    SortedMap<Integer, byte[]> survivors = receiveSurvivors(sent, held);
    requireHolders(holders, survivors.keySet(), held);
    byte[] survivorsBytes = Messages.encodeDigests(survivors);
    agreeOnSurvivors(
        Messages.survivorsStatement(context, roster.digest(), survivorsBytes), survivors.keySet());
    unmask(survivors, held);

    Digest transcript = Messages.transcript(context, roster.digest(), survivorsBytes);
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

  private Roster receiveRoster(AgreementKey sealKey, AgreementKey maskKey) {
    byte[] bytes = leader.receive(Phase.ROSTER, Messages.rosterBytesMax(settings));
    SortedMap<Integer, Messages.Keys> keys = Messages.decodeRoster(leader.peer(), bytes, settings);
    requireCohort(keys.size());
    Messages.Keys own = keys.get(selfIndex);
    if (own == null
        || !Messages.same(own.seal(), sealKey.open())
        || !Messages.same(own.mask(), maskKey.open())) {
      throw violation("this party's own keys in the roster", "others, or none");
    }
    return Roster.of(keys, bytes);
  }

  /**
   * Shares of both secrets go to the holders that a fresh coin draws, in a small group also to this
   * party itself. They are sealed for keys that nobody has confirmed yet: until somebody has,
   * nothing that they protect leaves here.
   *
   * @return what is agreed with each holder but this party
   */
  private SortedMap<Integer, PairKeys> share(
      Roster roster,
      byte[] selfMaskSeed,
      AgreementKey sealKey,
      AgreementKey maskKey,
      SortedMap<Integer, Held> held) {
    byte[] coin = new byte[Messages.COIN];
    random.nextBytes(coin);
    List<Integer> drawn =
        Neighbours.holders(settings, roster.digest(), roster.keys().keySet(), selfIndex, coin);
    requireShares(drawn.size());
    int[] points = IntStream.rangeClosed(1, drawn.size()).toArray();
    byte[] maskSecret = maskKey.secretCopy();
    byte[][] ofSeed = Shamir.split(selfMaskSeed, settings.sharesMin(), points, random);
    byte[][] ofKey = Shamir.split(maskSecret, settings.sharesMin(), points, random);
    Arrays.fill(maskSecret, (byte) 0);
    List<Integer> others = drawn.stream().filter(index -> index != selfIndex).toList();
    SortedMap<Integer, PairKeys> holders =
        agreed(roster, sealKey, others, holder -> direction(selfIndex, holder));
    SortedMap<Integer, byte[]> boxes = new TreeMap<>();
    for (int p = 0; p < points.length; p++) {
      SealedShares both = new SealedShares(ofSeed[p], ofKey[p]);
      PairKeys keys = holders.get(drawn.get(p));
      if (keys == null) {
        held.put(selfIndex, new Held(both, null));
      } else {
        boxes.put(drawn.get(p), both.seal(keys.sealing()));
      }
    }
    Messages.Word word = new Messages.Word(Messages.Word.commitment(context, selfMaskSeed), coin);
    byte[] signature = signer.sign(word.statement(context, roster.digest(), self));
    leader.send(Phase.SHARE, new Messages.Share(word, signature, boxes).encode());
    return holders;
  }

  /** What is agreed under the sealing keys, in the direction that the purpose names. */
  private SortedMap<Integer, PairKeys> agreed(
      Roster roster, AgreementKey sealKey, Collection<Integer> with, IntFunction<byte[]> purpose) {
    List<Integer> indices = List.copyOf(with);
    List<byte[]> secrets =
        sealKey.agree(
            indices.stream()
                .map(
                    index ->
                        new AgreementKey.Peer(
                            settings.roster().get(index),
                            roster.of(index).seal(),
                            purpose.apply(index)))
                .toList(),
            roster.digest(),
            PairKeys.BYTES);
    SortedMap<Integer, PairKeys> keys = new TreeMap<>();
    for (int i = 0; i < indices.size(); i++) {
      keys.put(indices.get(i), PairKeys.of(secrets.get(i)));
    }
    return keys;
  }

  private byte[] direction(int owner, int holder) {
    return Statement.of("seal", context, Statement.integers(owner, holder));
  }

  /**
   * Every holder that shared its own secrets confirms the roster that this party saw, or the leader
   * showed two, or keys of its own: then nothing masked leaves here. Of those whose holder this
   * party is nothing needs to be known: a mask against a key that the leader invented hides nothing
   * and costs nothing ({@code docs/adr/0034-sums-of-many-parties.md}).
   *
   * @param holders all that were drawn; afterwards those who confirmed
   */
  private void receiveShares(
      Roster roster,
      AgreementKey sealKey,
      SortedMap<Integer, PairKeys> holders,
      SortedMap<Integer, Held> held) {
    Messages.Neighbourhood told =
        Messages.Neighbourhood.decode(
            leader.peer(),
            leader.receive(Phase.SHARES, Messages.Neighbourhood.bytesMax(settings)),
            settings);
    if (!holders.keySet().containsAll(told.holders().keySet())) {
      throw violation("the holders that this party drew", "others");
    }
    if (told.boxes().containsKey(selfIndex)
        || !roster.keys().keySet().containsAll(told.boxes().keySet())) {
      throw violation("shares of other members of the roster", "others");
    }
    told.holders()
        .forEach(
            (index, holder) ->
                holder
                    .word()
                    .verify(
                        settings, context, roster.digest(), index, holder.signature(), verifier));
    holders.keySet().retainAll(told.holders().keySet());
    requireHolders(holders, holders.keySet(), held);
    agreed(roster, sealKey, told.boxes().keySet(), owner -> direction(owner, selfIndex))
        .forEach(
            (owner, keys) ->
                held.put(
                    owner,
                    new Held(
                        SealedShares.open(
                            keys.sealing(),
                            Objects.requireNonNull(told.boxes().get(owner)),
                            settings.roster().get(owner)),
                        keys)));
  }

  /**
   * Among the holders of its secrets are enough that are still there: to help, and because a party
   * all of whose honest neighbours are called lost stands alone with its mask.
   */
  private void requireHolders(
      SortedMap<Integer, PairKeys> holders, Set<Integer> present, Map<Integer, Held> held) {
    int others = (int) holders.keySet().stream().filter(present::contains).count();
    requireShares(held.containsKey(selfIndex) ? others + 1 : others);
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

  private byte[] sendMasked(
      long[] addend,
      byte[] selfMaskSeed,
      AgreementKey maskKey,
      Roster roster,
      Set<Integer> holders,
      SortedMap<Integer, Held> held) {
    SortedSet<Integer> neighbours = new TreeSet<>(holders);
    neighbours.addAll(held.keySet());
    neighbours.remove(selfIndex);
    try (Masks masks = new Masks()) {
      masks.add(selfMaskSeed.clone());
      List<byte[]> seeds = pairwiseSeeds(settings, context, roster, maskKey, selfIndex, neighbours);
      for (int other : neighbours) {
        byte[] seed = seeds.removeFirst();
        if (selfIndex < other) {
          masks.add(seed);
        } else {
          masks.subtract(seed);
        }
      }
      return MaskedVector.send(leader, addend, masks, workers);
    }
  }

  /** The seeds of the masks that the lower index of each pair adds and the higher subtracts. */
  static List<byte[]> pairwiseSeeds(
      SecureSumSettings settings,
      byte[] context,
      Roster roster,
      AgreementKey own,
      int ownIndex,
      Collection<Integer> others) {
    return own.agree(
        others.stream()
            .map(
                other ->
                    new AgreementKey.Peer(
                        settings.roster().get(other),
                        roster.of(other).mask(),
                        Statement.of(
                            "mask",
                            context,
                            Statement.integers(
                                Math.min(ownIndex, other), Math.max(ownIndex, other)))))
            .toList(),
        roster.digest(),
        AgreementKey.BYTES);
  }

  /** A holder opens no share of the self mask of a vector that isn't masked against it. */
  private void tellHolders(SortedMap<Integer, PairKeys> holders, byte[] sent) {
    Fields.Writer out = new Fields.Writer();
    holders.values().forEach(keys -> out.fixed(keys.tag(sent)));
    leader.send(Phase.MASKED_WITH, out.bytes());
  }

  private SortedMap<Integer, byte[]> receiveSurvivors(byte[] sent, SortedMap<Integer, Held> held) {
    Fields.Reader in =
        new Fields.Reader(
            leader.peer(),
            leader.receive(
                Phase.SURVIVORS, Messages.digestsBytesMax(settings) + held.size() * PairKeys.TAG));
    SortedMap<Integer, byte[]> survivors = Messages.decodeDigests(in, settings);
    requireCohort(survivors.size());
    byte[] own = survivors.get(selfIndex);
    if (own == null || !Messages.same(own, sent)) {
      throw violation("this party's masked vector among the survivors'", "another, or none");
    }
    held.forEach(
        (owner, shares) -> {
          byte[] masked = survivors.get(owner);
          PairKeys keys = shares.keys();
          if (masked != null
              && keys != null
              && !MessageDigest.isEqual(in.fixed(PairKeys.TAG), keys.tag(masked))) {
            throw new ProblemException(
                ErrorCode.PROTOCOL_VIOLATION,
                settings.roster().get(owner).value(),
                "its vector masked against this holder of its shares",
                "a tag that does not say so");
          }
        });
    in.end();
    return survivors;
  }

  /** This party signs one list only; so do the others: no second list finds enough signatures. */
  private void agreeOnSurvivors(byte[] statement, Set<Integer> survivors) {
    leader.send(Phase.SIGNATURE, signer.sign(statement));
    if (settings.complete()) {
      checkAll(statement, survivors);
    } else {
      checkSome(statement, survivors);
    }
  }

  private void checkAll(byte[] statement, Set<Integer> survivors) {
    SortedMap<Integer, byte[]> signatures =
        Messages.decodeSignatures(
            leader.peer(),
            leader.receive(Phase.SIGNATURES, Messages.signaturesBytesMax(settings)),
            settings);
    requireSurvivors(signatures.keySet(), survivors);
    signatures.forEach((index, signature) -> check(index, statement, signature));
  }

  /**
   * The leader says who signed, with the digest of each signature, before it knows which of them
   * this party wants to see.
   */
  private void checkSome(byte[] statement, Set<Integer> survivors) {
    Fields.Reader said =
        new Fields.Reader(
            leader.peer(), leader.receive(Phase.SIGNERS, Messages.digestsBytesMax(settings)));
    SortedMap<Integer, byte[]> signers = Messages.decodeDigests(said, settings);
    said.end();
    requireSurvivors(signers.keySet(), survivors);
    List<Integer> all = List.copyOf(signers.keySet());
    List<Integer> places = sample(all.size());
    leader.send(Phase.SAMPLE, Messages.encodePlaces(places));
    Fields.Reader in =
        new Fields.Reader(
            leader.peer(),
            leader.receive(Phase.SIGNATURES, places.size() * (2 + Messages.SIGNATURE)));
    for (int place : places) {
      int index = all.get(place);
      byte[] signature = in.block(Messages.SIGNATURE);
      if (!Messages.same(Digest.of(signature).bytes(), signers.get(index))) {
        throw violation("the signature that was there before it was asked for", "another");
      }
      check(index, statement, signature);
    }
    in.end();
  }

  private List<Integer> sample(int signers) {
    List<Integer> places = new ArrayList<>(IntStream.range(0, signers).boxed().toList());
    int wanted = settings.sample(signers);
    for (int i = 0; i < wanted; i++) {
      Collections.swap(places, i, random.nextInt(i, signers));
    }
    return places.subList(0, wanted).stream().sorted().toList();
  }

  private void requireSurvivors(Set<Integer> signers, Set<Integer> survivors) {
    if (!survivors.containsAll(signers)) {
      throw violation("signatures of survivors", "others");
    }
  }

  private void check(int index, byte[] statement, byte[] signature) {
    Messages.check(verifier, settings.roster().get(index), statement, signature, "the survivors");
  }

  /** Of a survivor the self mask's share, of a lost one the masking key's: never both of one. */
  private void unmask(SortedMap<Integer, byte[]> survivors, SortedMap<Integer, Held> held) {
    Fields.Writer out = new Fields.Writer();
    held.forEach(
        (owner, both) ->
            out.fixed(
                survivors.containsKey(owner) ? both.shares.selfMask() : both.shares.maskKey()));
    leader.send(Phase.UNMASK, out.bytes());
  }

  static List<PartyId> parties(SecureSumSettings settings, SortedMap<Integer, ?> survivors) {
    int leader = settings.indexOf(settings.leader());
    return IntStream.range(0, settings.roster().size())
        .filter(index -> index == leader || survivors.containsKey(index))
        .mapToObj(settings.roster()::get)
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

package hesuan.aggregate;

import hesuan.channel.Channel;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;

/**
 * The party that collects: it adds its own vector in the clear (it never sends it), holds no share
 * and no mask, and learns the sum. One use, one thread, which may lend workers. Memory: two
 * vectors.
 *
 * <p>A member counts as lost when its channel says so; the channel must therefore fail for a peer
 * that is gone, and not for one that merely waits while the leader waits for another.
 */
public final class SecureSumLeader {
  private final SecureSumSettings settings;
  private final PartyVerifier verifier;
  private final Workers workers;
  private final byte[] context;
  private final SortedMap<Integer, Link> alive = new TreeMap<>();

  /** In the calling thread. */
  public SecureSumLeader(
      SecureSumSettings settings, Map<PartyId, ? extends Channel> members, PartyVerifier verifier) {
    this(settings, members, verifier, Workers.ONE);
  }

  /**
   * @param members a channel to every other party of the roster
   */
  public SecureSumLeader(
      SecureSumSettings settings,
      Map<PartyId, ? extends Channel> members,
      PartyVerifier verifier,
      Workers workers) {
    this.settings = settings;
    this.verifier = verifier;
    this.workers = workers;
    this.context = settings.context();
    for (PartyId party : settings.roster()) {
      if (!party.equals(settings.leader())) {
        Channel channel = members.get(party);
        if (channel == null || !channel.peer().equals(party)) {
          throw new IllegalArgumentException("no channel to " + party);
        }
        alive.put(settings.indexOf(party), new Link(channel));
      }
    }
  }

  /**
   * @throws ProblemException whatever ended the sum; every member that can be reached is told the
   *     same
   */
  public SumOutcome run(long[] addend) {
    if (addend.length != settings.length()) {
      throw new IllegalArgumentException(
          "%d cells instead of %d".formatted(addend.length, settings.length()));
    }
    try {
      return add(addend);
    } catch (ProblemException e) {
      abandon(e.problem());
      throw e;
    }
  }

  /** Instead of {@link #run}: this party has nothing to add, and every member is told why. */
  public void abandon(Problem problem) {
    alive.values().forEach(link -> link.tell(problem));
  }

  private SumOutcome add(long[] addend) {
    SortedMap<Integer, Messages.Keys> keys = gather(this::keys);
    requireCohort();
    byte[] rosterBytes = Messages.encodeRoster(keys);
    Roster roster = Roster.of(keys, rosterBytes);
    broadcast(Phase.ROSTER, rosterBytes);

    SortedMap<Integer, Messages.Share> shares = gather((index, link) -> share(index, link, roster));
    requireCohort();
    Neighbours neighbours = neighbours(roster, shares);
    each((index, link) -> link.send(Phase.SHARES, told(index, shares, neighbours).encode()));

    long[] sum = addend.clone();
    SortedMap<Integer, Masked> masked = collectMasked(sum, neighbours, shares.keySet());
    requireCohort();
    SortedMap<Integer, byte[]> survivors = new TreeMap<>();
    masked.forEach((index, vector) -> survivors.put(index, vector.digest));
    byte[] survivorsBytes = Messages.encodeDigests(survivors);
    each(
        (index, link) ->
            link.send(
                Phase.SURVIVORS, withTags(survivorsBytes, index, masked, neighbours.owned(index))));

    byte[] statement = Messages.survivorsStatement(context, roster.digest(), survivorsBytes);
    SortedMap<Integer, byte[]> signatures =
        gather((index, link) -> signature(index, link, statement));
    requireHelpers();
    show(first(signatures, settings.threshold()));

    SortedMap<Integer, SortedMap<Integer, byte[]>> revealed =
        gather((index, link) -> revealed(link, neighbours.owned(index)));
    try (Masks left = new Masks()) {
      for (Map.Entry<Integer, Messages.Share> sharer : shares.entrySet()) {
        int owner = sharer.getKey();
        byte[] secret = reconstruct(owner, neighbours.holders(owner), revealed);
        if (survivors.containsKey(owner)) {
          removeSelfMask(left, owner, secret, sharer.getValue().word());
        } else {
          SortedSet<Integer> against = new TreeSet<>(neighbours.maskedWith(owner));
          against.retainAll(survivors.keySet());
          removePairwiseMasks(left, owner, secret, roster, against);
        }
        Arrays.fill(secret, (byte) 0);
      }
      left.applyTo(sum, 0, sum.length, workers);
    }

    Digest transcript = Messages.transcript(context, roster.digest(), survivorsBytes);
    broadcast(Phase.DONE, transcript.bytes());
    return new SumOutcome(sum, SecureSumMember.parties(settings, survivors), transcript);
  }

  private Messages.Keys keys(int index, Link link) {
    Fields.Reader in =
        new Fields.Reader(
            link.peer(),
            link.receive(Phase.ADVERTISE, context.length + Messages.Advertisement.BYTES_MAX));
    if (!Arrays.equals(in.fixed(context.length), context)) {
      throw in.violation("the same session, roster, length and rules", "others");
    }
    Messages.Advertisement advertisement = Messages.Advertisement.decode(in);
    in.end();
    advertisement.verify(settings, context, index, verifier);
    return advertisement.keys();
  }

  private Messages.Share share(int index, Link link, Roster roster) {
    Messages.Share share =
        Messages.Share.decode(
            link.peer(),
            link.receive(Phase.SHARE, Messages.Share.bytesMax(settings)),
            coin ->
                Neighbours.holders(settings, roster.digest(), roster.keys().keySet(), index, coin)
                    .stream()
                    .filter(holder -> holder != index)
                    .toList());
    share.word().verify(settings, context, roster.digest(), index, share.signature(), verifier);
    return share;
  }

  private Neighbours neighbours(Roster roster, SortedMap<Integer, Messages.Share> shares) {
    SortedMap<Integer, byte[]> coins = new TreeMap<>();
    shares.forEach((index, share) -> coins.put(index, share.word().coin()));
    return new Neighbours(settings, roster.digest(), roster.keys().keySet(), coins);
  }

  private static Messages.Neighbourhood told(
      int receiver, SortedMap<Integer, Messages.Share> shares, Neighbours neighbours) {
    SortedMap<Integer, Messages.Confirmation> holders = new TreeMap<>();
    for (int holder : others(receiver, neighbours, shares.keySet())) {
      Messages.Share share = Objects.requireNonNull(shares.get(holder));
      holders.put(holder, new Messages.Confirmation(share.word(), share.signature()));
    }
    SortedMap<Integer, byte[]> boxes = new TreeMap<>();
    for (int owner : neighbours.owned(receiver)) {
      if (owner != receiver) {
        Messages.Share share = Objects.requireNonNull(shares.get(owner));
        boxes.put(owner, Objects.requireNonNull(share.boxes().get(receiver)));
      }
    }
    return new Messages.Neighbourhood(holders, boxes);
  }

  /** The holders of a member's secrets that shared their own: it masks against all of them. */
  private static List<Integer> others(int owner, Neighbours neighbours, Set<Integer> sharers) {
    return neighbours.holders(owner).stream()
        .filter(holder -> holder != owner && sharers.contains(holder))
        .toList();
  }

  private static <T> SortedMap<Integer, T> first(SortedMap<Integer, T> all, int count) {
    SortedMap<Integer, T> first = new TreeMap<>();
    all.entrySet().stream().limit(count).forEach(e -> first.put(e.getKey(), e.getValue()));
    return first;
  }

  /**
   * A vector that came whole.
   *
   * @param tags for the holders of its owner's secrets
   */
  private record Masked(byte[] digest, SortedMap<Integer, byte[]> tags) {}

  /** A vector counts once it is here whole: half of a lost party's would spoil the sum. */
  private SortedMap<Integer, Masked> collectMasked(
      long[] sum, Neighbours neighbours, Set<Integer> sharers) {
    long[] cells = new long[sum.length];
    return gather(
        (index, link) -> {
          byte[] digest = MaskedVector.receive(link, cells);
          Masked masked = new Masked(digest, tags(link, others(index, neighbours, sharers)));
          for (int i = 0; i < sum.length; i++) {
            sum[i] += cells[i];
          }
          return masked;
        });
  }

  private static SortedMap<Integer, byte[]> tags(Link link, List<Integer> holders) {
    Fields.Reader in =
        new Fields.Reader(
            link.peer(), link.receive(Phase.MASKED_WITH, holders.size() * PairKeys.TAG));
    SortedMap<Integer, byte[]> tags = new TreeMap<>();
    holders.forEach(holder -> tags.put(holder, in.fixed(PairKeys.TAG)));
    in.end();
    return tags;
  }

  /** The survivors, and what those whose holder the receiver is tell it. */
  private static byte[] withTags(
      byte[] survivors, int receiver, SortedMap<Integer, Masked> masked, Set<Integer> owners) {
    Fields.Writer out = new Fields.Writer();
    out.fixed(survivors);
    for (int owner : owners) {
      Masked vector = masked.get(owner);
      if (vector != null && owner != receiver) {
        out.fixed(Objects.requireNonNull(vector.tags.get(receiver)));
      }
    }
    return out.bytes();
  }

  /**
   * In a small group everyone sees all signatures; in a large one the leader first says which there
   * are, and then shows each member those that it asks for.
   */
  private void show(SortedMap<Integer, byte[]> signatures) {
    if (settings.complete()) {
      broadcast(Phase.SIGNATURES, Messages.encodeSignatures(signatures));
      return;
    }
    SortedMap<Integer, byte[]> digests = new TreeMap<>();
    signatures.forEach((index, signature) -> digests.put(index, Digest.of(signature).bytes()));
    broadcast(Phase.SIGNERS, Messages.encodeDigests(digests));
    List<byte[]> all = List.copyOf(signatures.values());
    int asked = settings.sample(all.size());
    each(
        (index, link) -> {
          Fields.Writer out = new Fields.Writer();
          Messages.decodePlaces(
                  link.peer(), link.receive(Phase.SAMPLE, 2 * asked), asked, all.size())
              .forEach(place -> out.block(all.get(place)));
          link.send(Phase.SIGNATURES, out.bytes());
        });
  }

  private byte[] signature(int index, Link link, byte[] statement) {
    byte[] signature = link.receive(Phase.SIGNATURE, Messages.SIGNATURE);
    Messages.check(verifier, settings.roster().get(index), statement, signature, "the survivors");
    return signature;
  }

  private static SortedMap<Integer, byte[]> revealed(Link link, SortedSet<Integer> owners) {
    Fields.Reader in =
        new Fields.Reader(
            link.peer(), link.receive(Phase.UNMASK, owners.size() * AgreementKey.BYTES));
    SortedMap<Integer, byte[]> shares = new TreeMap<>();
    for (int index : owners) {
      shares.put(index, in.fixed(AgreementKey.BYTES));
    }
    in.end();
    return shares;
  }

  private byte[] reconstruct(
      int owner, List<Integer> holders, SortedMap<Integer, SortedMap<Integer, byte[]>> revealed) {
    int[] points = new int[settings.sharesMin()];
    byte[][] shares = new byte[settings.sharesMin()][];
    int filled = 0;
    for (int place = 0; place < holders.size() && filled < points.length; place++) {
      SortedMap<Integer, byte[]> helper = revealed.get(holders.get(place));
      if (helper != null) {
        points[filled] = place + 1;
        shares[filled++] = Objects.requireNonNull(helper.get(owner));
      }
    }
    if (filled < points.length) {
      throw new ProblemException(
          ErrorCode.GROUP_TOO_SMALL,
          "secure sum",
          "%d helpers who hold shares of %s".formatted(points.length, settings.roster().get(owner)),
          "" + filled);
    }
    return Shamir.combine(points, shares);
  }

  private void removeSelfMask(Masks left, int owner, byte[] seed, Messages.Word word) {
    if (!Arrays.equals(Messages.Word.commitment(context, seed), word.commitment())) {
      throw wrongShares(owner);
    }
    left.subtract(seed.clone());
  }

  /** What the survivors masked against a lost party did not cancel. */
  private void removePairwiseMasks(
      Masks left, int lost, byte[] secret, Roster roster, SortedSet<Integer> survivors) {
    try (AgreementKey key = new AgreementKey(secret.clone())) {
      if (!Arrays.equals(key.open(), roster.of(lost).mask())) {
        throw wrongShares(lost);
      }
      List<byte[]> seeds =
          SecureSumMember.pairwiseSeeds(settings, context, roster, key, lost, survivors);
      for (int survivor : survivors) {
        byte[] seed = seeds.removeFirst();
        if (survivor < lost) {
          left.subtract(seed);
        } else {
          left.add(seed);
        }
      }
    }
  }

  private ProblemException wrongShares(int owner) {
    return new ProblemException(
        ErrorCode.PROTOCOL_VIOLATION,
        settings.roster().get(owner).value(),
        "shares of the secret that it committed to",
        "shares of another");
  }

  private <T> SortedMap<Integer, T> gather(BiFunction<Integer, Link, T> receive) {
    SortedMap<Integer, T> gathered = new TreeMap<>();
    for (Map.Entry<Integer, Link> member : new TreeMap<>(alive).entrySet()) {
      try {
        gathered.put(member.getKey(), receive.apply(member.getKey(), member.getValue()));
      } catch (ProblemException e) {
        lose(member.getKey(), e);
      }
    }
    return gathered;
  }

  private void broadcast(Phase phase, byte[] payload) {
    byte[] body = Link.body(phase, payload);
    each((index, link) -> link.send(body));
  }

  private void each(BiConsumer<Integer, Link> send) {
    for (Map.Entry<Integer, Link> member : new TreeMap<>(alive).entrySet()) {
      try {
        send.accept(member.getKey(), member.getValue());
      } catch (ProblemException e) {
        lose(member.getKey(), e);
      }
    }
  }

  private void lose(int index, ProblemException e) {
    boolean lost =
        switch (e.problem().code()) {
          case PEER_SILENT, PEER_UNREACHABLE, PEER_FAILED -> true;
          default -> false; // a broken promise, or this party's own end, is no loss
        };
    if (lost) {
      alive.remove(index);
    }
    if (!lost || !settings.tolerateLoss()) {
      throw e;
    }
  }

  private void requireCohort() {
    if (alive.size() < settings.membersMin()) {
      throw tooSmall(settings.membersMin());
    }
  }

  private void requireHelpers() {
    if (alive.size() < settings.threshold()) {
      throw tooSmall(settings.threshold());
    }
  }

  private ProblemException tooSmall(int members) {
    return new ProblemException(
        ErrorCode.GROUP_TOO_SMALL,
        "secure sum",
        "at least " + (members + 1) + " parties",
        "" + (alive.size() + 1));
  }
}

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
    SortedMap<Integer, Messages.Keys> roster = gather(this::keys);
    requireCohort();
    byte[] rosterBytes = Messages.encodeRoster(roster);
    byte[] rosterDigest = Digest.of(rosterBytes).bytes();
    broadcast(Phase.ROSTER, rosterBytes);

    SortedMap<Integer, Messages.Share> shares =
        gather((index, link) -> share(index, link, roster, rosterDigest));
    requireCohort();
    SortedMap<Integer, Messages.Word> sharers = new TreeMap<>();
    shares.forEach((index, share) -> sharers.put(index, share.word()));
    Neighbours neighbours =
        SecureSumMember.neighbours(settings, rosterDigest, roster.keySet(), sharers);
    byte[] sharersBytes = Messages.encodeSharers(sharers);
    byte[] sharersDigest = Messages.sharersDigest(context, rosterDigest, sharers);
    each(
        (index, link) ->
            link.send(Phase.SHARES, sharesFor(index, sharersBytes, shares, neighbours)));

    long[] sum = addend.clone();
    SortedMap<Integer, byte[]> survivors = collectMasked(sum);
    requireCohort();
    byte[] survivorsBytes = Messages.encodeSurvivors(survivors);
    broadcast(Phase.SURVIVORS, survivorsBytes);

    byte[] statement = Messages.survivorsStatement(context, sharersDigest, survivorsBytes);
    SortedMap<Integer, byte[]> signatures =
        gather((index, link) -> signature(index, link, statement));
    requireHelpers();
    byte[] signaturesBytes = Messages.encodeSignatures(first(signatures, settings.threshold()));
    broadcast(Phase.SIGNATURES, signaturesBytes);

    SortedMap<Integer, SortedMap<Integer, byte[]>> revealed =
        gather((index, link) -> revealed(link, neighbours.owned(index)));
    try (Masks left = new Masks()) {
      for (Map.Entry<Integer, Messages.Word> sharer : sharers.entrySet()) {
        int owner = sharer.getKey();
        byte[] secret = reconstruct(owner, neighbours.holders(owner), revealed);
        if (survivors.containsKey(owner)) {
          removeSelfMask(left, owner, secret, sharer.getValue());
        } else {
          SortedSet<Integer> masked = new TreeSet<>(neighbours.maskedWith(owner));
          masked.retainAll(survivors.keySet());
          removePairwiseMasks(left, owner, secret, roster, rosterDigest, masked);
        }
        Arrays.fill(secret, (byte) 0);
      }
      left.applyTo(sum, 0, sum.length, workers);
    }

    Digest transcript = Messages.transcript(context, sharersDigest, survivorsBytes);
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

  private Messages.Share share(
      int index, Link link, SortedMap<Integer, Messages.Keys> roster, byte[] rosterDigest) {
    Messages.Share share =
        Messages.Share.decode(
            link.peer(),
            link.receive(Phase.SHARE, Messages.Share.bytesMax(settings)),
            coin ->
                Neighbours.holders(settings, rosterDigest, roster.keySet(), index, coin).stream()
                    .filter(holder -> holder != index)
                    .toList());
    share.word().verify(settings, context, rosterDigest, index, share.signature(), verifier);
    return share;
  }

  private static byte[] sharesFor(
      int receiver,
      byte[] sharersBytes,
      SortedMap<Integer, Messages.Share> shares,
      Neighbours neighbours) {
    Fields.Writer out = new Fields.Writer();
    out.fixed(sharersBytes);
    for (int index : neighbours.maskedWith(receiver)) {
      Messages.Share share = Objects.requireNonNull(shares.get(index));
      out.block(share.signature());
      byte[] box = share.boxes().get(receiver);
      if (box != null) {
        out.fixed(box);
      }
    }
    return out.bytes();
  }

  private static <T> SortedMap<Integer, T> first(SortedMap<Integer, T> all, int count) {
    SortedMap<Integer, T> first = new TreeMap<>();
    all.entrySet().stream().limit(count).forEach(e -> first.put(e.getKey(), e.getValue()));
    return first;
  }

  /** A vector counts once it is here whole: half of a lost party's would spoil the sum. */
  private SortedMap<Integer, byte[]> collectMasked(long[] sum) {
    long[] cells = new long[sum.length];
    return gather(
        (index, link) -> {
          byte[] digest = MaskedVector.receive(link, cells);
          for (int i = 0; i < sum.length; i++) {
            sum[i] += cells[i];
          }
          return digest;
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
      Masks left,
      int lost,
      byte[] secret,
      SortedMap<Integer, Messages.Keys> roster,
      byte[] rosterDigest,
      Iterable<Integer> survivors) {
    try (AgreementKey key = new AgreementKey(secret.clone())) {
      if (!Arrays.equals(key.open(), Objects.requireNonNull(roster.get(lost)).mask())) {
        throw wrongShares(lost);
      }
      for (int survivor : survivors) {
        byte[] seed =
            SecureSumMember.pairwiseSeed(
                settings,
                context,
                rosterDigest,
                key,
                lost,
                survivor,
                Objects.requireNonNull(roster.get(survivor)).mask());
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

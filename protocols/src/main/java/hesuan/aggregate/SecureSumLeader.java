package hesuan.aggregate;

import hesuan.channel.Channel;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.IntFunction;

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
    SortedMap<Integer, Messages.Advertisement> roster = gather(this::advertisement);
    requireCohort();
    byte[] rosterBytes = Messages.encodeRoster(roster);
    byte[] rosterDigest = Digest.of(rosterBytes).bytes();
    broadcast(Phase.ROSTER, index -> rosterBytes);

    SortedMap<Integer, Messages.Share> shares =
        gather((index, link) -> share(index, link, roster, rosterDigest));
    requireCohort();
    SortedMap<Integer, Messages.Confirmation> sharers = new TreeMap<>();
    shares.forEach((index, share) -> sharers.put(index, share.confirmation()));
    byte[] sharersDigest = Messages.sharersDigest(context, rosterDigest, sharers);
    broadcast(Phase.SHARES, index -> sharesFor(index, shares, sharers).encode());

    long[] sum = addend.clone();
    SortedMap<Integer, byte[]> survivors = collectMasked(sum);
    requireCohort();
    byte[] survivorsBytes = Messages.encodeSurvivors(survivors);
    broadcast(Phase.SURVIVORS, index -> survivorsBytes);

    byte[] statement = Messages.survivorsStatement(context, sharersDigest, survivorsBytes);
    SortedMap<Integer, byte[]> signatures =
        gather((index, link) -> signature(index, link, statement));
    requireHelpers();
    byte[] signaturesBytes = Messages.encodeSignatures(signatures);
    broadcast(Phase.SIGNATURES, index -> signaturesBytes);

    SortedMap<Integer, SortedMap<Integer, byte[]>> revealed =
        gather((index, link) -> revealed(link, sharers));
    requireHelpers();
    try (Masks left = new Masks()) {
      for (Map.Entry<Integer, Messages.Confirmation> sharer : sharers.entrySet()) {
        byte[] secret = reconstruct(sharer.getKey(), revealed);
        if (survivors.containsKey(sharer.getKey())) {
          removeSelfMask(left, sharer.getKey(), secret, sharer.getValue());
        } else {
          removePairwiseMasks(left, sharer.getKey(), secret, roster, rosterDigest, survivors);
        }
        Arrays.fill(secret, (byte) 0);
      }
      left.applyTo(sum, 0, sum.length, workers);
    }

    Digest transcript = Messages.transcript(context, sharersDigest, survivorsBytes);
    broadcast(Phase.DONE, index -> transcript.bytes());
    return new SumOutcome(sum, SecureSumMember.parties(settings, survivors), transcript);
  }

  private Messages.Advertisement advertisement(int index, Link link) {
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
    return advertisement;
  }

  private Messages.Share share(
      int index,
      Link link,
      SortedMap<Integer, Messages.Advertisement> roster,
      byte[] rosterDigest) {
    Messages.Share share =
        Messages.Share.decode(
            link.peer(),
            link.receive(Phase.SHARE, Messages.Share.bytesMax(settings)),
            roster.keySet().stream().filter(other -> other != index).toList());
    share.confirmation().verify(settings, context, rosterDigest, index, verifier);
    return share;
  }

  private static Messages.Shares sharesFor(
      int receiver,
      SortedMap<Integer, Messages.Share> shares,
      SortedMap<Integer, Messages.Confirmation> sharers) {
    SortedMap<Integer, byte[]> sealed = new TreeMap<>();
    shares.forEach(
        (index, share) -> {
          if (index != receiver) {
            sealed.put(index, Objects.requireNonNull(share.boxes().get(receiver)));
          }
        });
    return new Messages.Shares(sharers, sealed);
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

  private static SortedMap<Integer, byte[]> revealed(
      Link link, SortedMap<Integer, Messages.Confirmation> sharers) {
    Fields.Reader in =
        new Fields.Reader(
            link.peer(), link.receive(Phase.UNMASK, sharers.size() * AgreementKey.BYTES));
    SortedMap<Integer, byte[]> shares = new TreeMap<>();
    for (int index : sharers.keySet()) {
      shares.put(index, in.fixed(AgreementKey.BYTES));
    }
    in.end();
    return shares;
  }

  private byte[] reconstruct(int owner, SortedMap<Integer, SortedMap<Integer, byte[]>> revealed) {
    int[] points = new int[settings.threshold()];
    byte[][] shares = new byte[settings.threshold()][];
    int filled = 0;
    for (Map.Entry<Integer, SortedMap<Integer, byte[]>> helper : revealed.entrySet()) {
      if (filled == points.length) {
        break;
      }
      points[filled] = helper.getKey() + 1;
      shares[filled++] = Objects.requireNonNull(helper.getValue().get(owner));
    }
    return Shamir.combine(points, shares);
  }

  private void removeSelfMask(
      Masks left, int owner, byte[] seed, Messages.Confirmation confirmation) {
    if (!Arrays.equals(
        Messages.Confirmation.commitment(context, seed), confirmation.commitment())) {
      throw wrongShares(owner);
    }
    left.subtract(seed.clone());
  }

  /** What the survivors masked against a lost party did not cancel. */
  private void removePairwiseMasks(
      Masks left,
      int lost,
      byte[] secret,
      SortedMap<Integer, Messages.Advertisement> roster,
      byte[] rosterDigest,
      SortedMap<Integer, byte[]> survivors) {
    try (AgreementKey key = new AgreementKey(secret.clone())) {
      if (!Arrays.equals(key.open(), Objects.requireNonNull(roster.get(lost)).maskKey())) {
        throw wrongShares(lost);
      }
      for (int survivor : survivors.keySet()) {
        byte[] seed =
            SecureSumMember.pairwiseSeed(
                settings,
                context,
                rosterDigest,
                key,
                lost,
                survivor,
                Objects.requireNonNull(roster.get(survivor)).maskKey());
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

  private void broadcast(Phase phase, IntFunction<byte[]> payload) {
    for (Map.Entry<Integer, Link> member : new TreeMap<>(alive).entrySet()) {
      try {
        member.getValue().send(phase, payload.apply(member.getKey()));
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

package hesuan.psi.many;

import hesuan.channel.Channel;
import hesuan.channel.RecordedChannel;
import hesuan.group.Workers;
import hesuan.okvs.BlockHash;
import hesuan.okvs.ClusteredOkvs;
import hesuan.psi.Buckets;
import hesuan.psi.IntersectionParameters;
import hesuan.psi.TagList;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What all parties do alike: the opening and the closing with everyone, and what follows from the
 * sizes that were told.
 */
final class Gathering {
  private final ManyParameters parameters;
  private final PartyId self;
  private final Map<PartyId, Channel> channels = new TreeMap<>();
  private final Map<PartyId, RecordedChannel> peers = new TreeMap<>();
  private final Map<PartyId, Integer> sizes = new TreeMap<>();
  private final List<Digest> runsOfCentres = new ArrayList<>();
  private final Digest run;
  private final int firstBucket;

  /** Says and hears sizes, and where to begin: with the first bucket that any party lacks. */
  Gathering(
      ManyParameters parameters,
      PartyId self,
      Map<PartyId, Channel> channels,
      int items,
      int firstOpen,
      SecureRandom random) {
    this.parameters = parameters;
    this.self = self;
    for (PartyId party : parameters.parties()) {
      if (!party.equals(self)) {
        Channel channel = channels.get(party);
        if (channel == null || !channel.peer().equals(party) || !channel.self().equals(self)) {
          throw new IllegalArgumentException("no channel from " + self + " to " + party);
        }
        this.channels.put(party, channel);
        peers.put(party, new RecordedChannel(channel, ManyParameters.PROTOCOL));
      }
    }
    Map<PartyId, ManyMessages.Opening> openings = open(items, firstOpen, random);
    openings.forEach((party, opening) -> sizes.put(party, opening.items()));
    int first = Integer.MAX_VALUE;
    for (Map.Entry<PartyId, ManyMessages.Opening> each : openings.entrySet()) {
      int bucket = each.getValue().bucket();
      if (!each.getKey().equals(self) && (bucket < 0 || bucket > buckets())) {
        throw peer(each.getKey()).violation("a bucket of 0 to " + buckets(), "" + bucket);
      }
      first = Math.min(first, bucket);
    }
    firstBucket = first;
    run = run(openings);
  }

  private Map<PartyId, ManyMessages.Opening> open(int items, int firstOpen, SecureRandom random) {
    byte[] own = new byte[ManyMessages.Opening.RANDOM_BYTES];
    random.nextBytes(own);
    ManyMessages.Opening opening =
        new ManyMessages.Opening(
            IntersectionParameters.announced(items, parameters.sizeStep()), firstOpen, own);
    Digest digest = parameters.digest();
    peers.values().forEach(peer -> opening.send(peer, digest));
    Map<PartyId, ManyMessages.Opening> openings = new TreeMap<>();
    openings.put(self, opening);
    peers.forEach(
        (party, peer) ->
            openings.put(party, ManyMessages.Opening.receive(peer, digest, parameters.sizeStep())));
    return openings;
  }

  /** The run's seed: of what everyone told everyone, so another one if anyone told two stories. */
  private Digest run(Map<PartyId, ManyMessages.Opening> openings) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update((ManyParameters.PROTOCOL + "/run").getBytes(StandardCharsets.US_ASCII));
    sha256.update(parameters.digest().bytes());
    openings.forEach(
        (party, opening) -> {
          String told = "/" + party + "/" + opening.items() + "/" + opening.bucket() + "/";
          sha256.update(told.getBytes(StandardCharsets.US_ASCII));
          sha256.update(opening.random());
        });
    return new Digest(HexFormat.of().formatHex(sha256.digest()));
  }

  RecordedChannel peer(PartyId party) {
    return Objects.requireNonNull(peers.get(party));
  }

  /** For the run of the two centres, which keeps its own transcript. */
  Channel unrecorded(PartyId party) {
    return Objects.requireNonNull(channels.get(party));
  }

  /** Makes such a run part of the transcript between the centres. */
  void ran(Digest transcript) {
    runsOfCentres.add(transcript);
  }

  Map<PartyId, Integer> sizes() {
    return sizes;
  }

  int size(PartyId party) {
    return Objects.requireNonNull(sizes.get(party));
  }

  int firstBucket() {
    return firstBucket;
  }

  int buckets() {
    int largest = sizes.values().stream().mapToInt(size -> size).max().orElse(0);
    return Buckets.count(largest, largest, parameters.bucketItems());
  }

  int load(PartyId party) {
    return Buckets.load(size(party), buckets());
  }

  int leastLoad() {
    return parameters.parties().stream().mapToInt(this::load).min().orElse(0);
  }

  /** The geometry of that party's stores. */
  ClusteredOkvs.Shape geometry(PartyId other) {
    int largest = parameters.others().stream().mapToInt(this::load).max().orElse(0);
    return ManyParameters.geometry(largest, load(other));
  }

  /** Of a bucket of this run. */
  Digest session(int bucket) {
    return Digest.of(text("session", bucket));
  }

  byte[] key(String kind, int bucket) {
    byte[] hash = Digest.sha256().digest(text(kind, bucket).getBytes(StandardCharsets.US_ASCII));
    return Arrays.copyOf(hash, BlockHash.KEY_BYTES);
  }

  private String text(String kind, int bucket) {
    return ManyParameters.PROTOCOL + "/" + kind + "/" + run + "/" + bucket;
  }

  /** A digest of items, whatever their order. */
  byte[] agreement(int bucket, long[] blocks, int[] places) {
    long[] shared = new long[2 * places.length];
    for (int i = 0; i < places.length; i++) {
      shared[2 * i] = blocks[2 * places[i]];
      shared[2 * i + 1] = blocks[2 * places[i] + 1];
    }
    byte[] key = key("agreement", bucket);
    TagList sorted = TagList.of(shared, key, BlockHash.KEY_BYTES, Workers.ONE);
    MessageDigest sha256 = Digest.sha256();
    sha256.update(key);
    return sha256.digest(sorted.encoded(0, sorted.count()));
  }

  /**
   * No result before every party has seen the same: everyone shows everyone the transcripts of its
   * pairs, of which both ends must have the same, and then the digest of all.
   */
  Digest close() {
    Map<List<PartyId>, Digest> pairs = new LinkedHashMap<>();
    List<Digest> own = new ArrayList<>();
    peers.forEach((party, peer) -> own.add(transcript(party, peer)));
    peers.values().forEach(p -> new ManyMessages.Transcripts(own).send(p, buckets()));
    for (PartyId party : parameters.parties()) {
      List<Digest> said =
          party.equals(self)
              ? own
              : ManyMessages.Transcripts.receive(peer(party), buckets(), own.size()).pairs();
      int next = 0;
      for (PartyId other : parameters.parties()) {
        if (!other.equals(party)) {
          boolean first = party.compareTo(other) < 0;
          Digest digest = said.get(next++);
          Digest known =
              pairs.putIfAbsent(first ? List.of(party, other) : List.of(other, party), digest);
          if (known != null && !known.equals(digest)) {
            PartyId blamed = party.equals(self) ? other : party;
            throw peer(blamed).violation("transcript " + known + " of both", digest.hex());
          }
        }
      }
    }
    return end(pairs);
  }

  private Digest transcript(PartyId party, RecordedChannel peer) {
    boolean centres =
        List.of(parameters.leader(), parameters.pivot()).containsAll(List.of(self, party));
    return centres ? Digest.of(peer.transcript() + "/" + runsOfCentres) : peer.transcript();
  }

  private Digest end(Map<List<PartyId>, Digest> pairs) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update((ManyParameters.PROTOCOL + "/transcript").getBytes(StandardCharsets.US_ASCII));
    sha256.update(run.bytes());
    for (PartyId one : parameters.parties()) {
      for (PartyId other : parameters.parties()) {
        if (one.compareTo(other) < 0) {
          sha256.update(Objects.requireNonNull(pairs.get(List.of(one, other))).bytes());
        }
      }
    }
    byte[] whole = sha256.digest();
    byte tag = ManyMessages.Short.END_TAG;
    peers.values().forEach(p -> new ManyMessages.Short(whole).send(p, tag, buckets()));
    Digest digest = new Digest(HexFormat.of().formatHex(whole));
    for (RecordedChannel peer : peers.values()) {
      byte[] theirs = ManyMessages.Short.receive(peer, tag, buckets(), whole.length).bytes();
      if (!Arrays.equals(theirs, whole)) {
        throw peer.violation("transcript " + digest, HexFormat.of().formatHex(theirs));
      }
    }
    return digest;
  }
}

package hesuan.psi;

import hesuan.channel.Channel;
import hesuan.channel.RecordedChannel;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What leader and helpers do alike: the opening with every peer, and the transcript at the end. All
 * parties in order are the leader, then the helpers; pairs are ordered by that.
 */
final class Conversation {
  private final OverlapParameters parameters;
  private final PartyId self;
  private final Map<PartyId, RecordedChannel> peers = new LinkedHashMap<>();
  private final Map<PartyId, Integer> items = new LinkedHashMap<>();

  Conversation(OverlapParameters parameters, PartyId self, Map<PartyId, Channel> channels) {
    this.parameters = parameters;
    this.self = self;
    for (PartyId party : parties()) {
      if (!party.equals(self)) {
        Channel channel = channels.get(party);
        if (channel == null || !channel.peer().equals(party) || !channel.self().equals(self)) {
          throw new IllegalArgumentException("no channel from " + self + " to " + party);
        }
        peers.put(party, new RecordedChannel(channel, "hesuan/overlap/1"));
      }
    }
  }

  private List<PartyId> parties() {
    List<PartyId> parties = new ArrayList<>(List.of(parameters.leader()));
    parameters.helpers().forEach(helper -> parties.add(helper.party()));
    return parties;
  }

  /** Tells everybody the parameters and the own number of items, and hears theirs. */
  void open(int ownItems) {
    Digest digest = parameters.digest();
    peers.values().forEach(peer -> new Messages.Opening(digest, ownItems).send(peer));
    items.put(self, ownItems);
    peers.forEach(
        (party, peer) -> items.put(party, Messages.Opening.receive(peer, digest).items()));
  }

  RecordedChannel peer(PartyId party) {
    return java.util.Objects.requireNonNull(peers.get(party));
  }

  /** The length of every list of that party, dummies and fillers included. */
  int listLength(PartyId party) {
    return java.util.Objects.requireNonNull(items.get(party)) + parameters.dummies();
  }

  /**
   * Collects every helper's digests, compares both ends of every pair, tells all, and hears that
   * each of them agrees: only then is there a result.
   */
  Digest closeAsLeader() {
    List<PartyId> parties = parties();
    Map<List<PartyId>, Digest> pairs = new LinkedHashMap<>();
    peers.forEach((party, peer) -> pairs.put(List.of(self, party), peer.transcript()));
    for (int h = 1; h < parties.size(); h++) {
      PartyId helper = parties.get(h);
      RecordedChannel peer = peer(helper);
      List<Digest> said =
          Messages.Closing.receive(peer, Messages.Closing.HELPER_TAG, peers.size()).transcripts();
      int next = 0;
      for (int other = 0; other < parties.size(); other++) {
        if (other != h) {
          Digest digest = said.get(next++);
          List<PartyId> pair =
              List.of(parties.get(Math.min(h, other)), parties.get(Math.max(h, other)));
          Digest known = pairs.putIfAbsent(pair, digest);
          if (known != null && !known.equals(digest)) {
            throw peer.violation("transcript " + known + " of " + pair, digest.hex());
          }
        }
      }
    }
    List<Digest> all = new ArrayList<>();
    forEachPair(parties, pair -> all.add(java.util.Objects.requireNonNull(pairs.get(pair))));
    peers.values().forEach(p -> new Messages.Closing(all).send(p, Messages.Closing.LEADER_TAG));
    Digest whole = whole(all);
    for (RecordedChannel peer : peers.values()) {
      Digest confirmed =
          Messages.Closing.receive(peer, Messages.Closing.CONFIRM_TAG, 1).transcripts().get(0);
      if (!confirmed.equals(whole)) {
        throw peer.violation("transcript " + whole, confirmed.hex());
      }
    }
    return whole;
  }

  /** Tells the leader the own digests, finds them again in its answer, and confirms. */
  Digest closeAsHelper() {
    RecordedChannel leader = peer(parameters.leader());
    List<Digest> own = new ArrayList<>();
    peers.values().forEach(peer -> own.add(peer.transcript()));
    new Messages.Closing(own).send(leader, Messages.Closing.HELPER_TAG);
    List<PartyId> parties = parties();
    int pairs = parties.size() * (parties.size() - 1) / 2;
    List<Digest> all =
        Messages.Closing.receive(leader, Messages.Closing.LEADER_TAG, pairs).transcripts();
    List<Digest> ours = new ArrayList<>();
    int[] number = {0};
    forEachPair(
        parties,
        pair -> {
          Digest digest = all.get(number[0]++);
          if (pair.contains(self)) {
            ours.add(digest);
          }
        });
    if (!ours.equals(own)) {
      throw leader.violation("the transcripts of this party", "others");
    }
    Digest whole = whole(all);
    new Messages.Closing(List.of(whole)).send(leader, Messages.Closing.CONFIRM_TAG);
    return whole;
  }

  private static void forEachPair(
      List<PartyId> parties, java.util.function.Consumer<List<PartyId>> action) {
    for (int a = 0; a < parties.size(); a++) {
      for (int b = a + 1; b < parties.size(); b++) {
        action.accept(List.of(parties.get(a), parties.get(b)));
      }
    }
  }

  private Digest whole(List<Digest> pairs) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update("hesuan/overlap/1/transcript".getBytes(StandardCharsets.US_ASCII));
    sha256.update(parameters.digest().bytes());
    pairs.forEach(pair -> sha256.update(pair.bytes()));
    return new Digest(HexFormat.of().formatHex(sha256.digest()));
  }
}

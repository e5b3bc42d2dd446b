package hesuan.aggregate;

import hesuan.channel.Channel;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What both aggregators do alike: their lines, and whom they leave out. */
final class Aggregators {
  private final TwoAggregatorSettings settings;
  private final Link peer;
  private final SortedMap<Integer, Link> contributors = new TreeMap<>();

  /**
   * @param channels to the other aggregator and to every contributor
   */
  Aggregators(
      TwoAggregatorSettings settings,
      PartyId self,
      PartyId peer,
      Map<PartyId, ? extends Channel> channels) {
    this.settings = settings;
    this.peer = new Link(channel(channels, peer));
    for (int place = 0; place < settings.contributors().size(); place++) {
      PartyId party = settings.contributors().get(place);
      if (party.equals(peer)) {
        contributors.put(place, this.peer);
      } else if (!party.equals(self)) {
        contributors.put(place, new Link(channel(channels, party)));
      }
    }
  }

  private static Channel channel(Map<PartyId, ? extends Channel> channels, PartyId party) {
    Channel channel = channels.get(party);
    if (channel == null || !channel.peer().equals(party)) {
      throw new IllegalArgumentException("no channel to " + party);
    }
    return channel;
  }

  Link peer() {
    return peer;
  }

  /** By place; an aggregator that contributes too is reached over its own line. */
  SortedMap<Integer, Link> contributors() {
    return contributors;
  }

  void offer(byte[] offer) {
    peer.send(Phase.OFFER, offer);
    for (Map.Entry<Integer, Link> each : new TreeMap<>(contributors).entrySet()) {
      if (each.getValue() != peer) {
        try {
          each.getValue().send(Phase.OFFER, offer);
        } catch (ProblemException e) {
          leaveOut(each.getKey(), e);
        }
      }
    }
  }

  /** A contributor that is gone by now is in the sum all the same. */
  void receipt(byte[] receipt) {
    for (Link link : contributors.values()) {
      if (link != peer) {
        try {
          link.send(Phase.RECEIPT, receipt);
        } catch (ProblemException gone) {
          // it will not know
        }
      }
    }
  }

  /** Ends the sum instead where loss is not tolerated, or it is the aggregator that fails. */
  void leaveOut(int place, ProblemException e) {
    Link link = contributors.remove(place);
    if (!settings.tolerateLoss() || link == peer || e.problem().code() == ErrorCode.CANCELLED) {
      throw e;
    }
  }

  void tell(Problem problem) {
    peer.tell(problem);
    contributors.values().stream().filter(link -> link != peer).forEach(l -> l.tell(problem));
  }
}

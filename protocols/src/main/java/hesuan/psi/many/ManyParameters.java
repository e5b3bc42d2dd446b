package hesuan.psi.many;

import hesuan.okvs.ClusteredOkvs;
import hesuan.psi.IntersectionParameters;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * What all parties of one intersection agree on; its digest opens every conversation.
 *
 * @param session binds the run to its job, step and attempt, and keys the items, as in {@link
 *     IntersectionParameters}
 * @param leader learns which of its items all others have
 * @param pivot the other centre: it must not join with the leader, and the contract says so
 * @param others all but these two, one to eight, sorted
 * @param receivers the leader and whoever else learns, sorted; as soon as there is another, the
 *     pivot is among them, so that no leader alone can tell a wrong list
 * @param engine of the run between leader and pivot
 */
public record ManyParameters(
    Digest session,
    PartyId leader,
    PartyId pivot,
    List<PartyId> others,
    List<PartyId> receivers,
    IntersectionParameters.Engine engine,
    int bucketItems,
    int sizeStep) {
  static final int VERSION = 1;
  static final String PROTOCOL = "hesuan/many-intersection/" + VERSION;

  public static final int PARTIES_MIN = 3;
  public static final int PARTIES_MAX = 10;

  /** A padded bucket must fit a single one of the two-party run. */
  public static final int BUCKET_ITEMS_MAX = IntersectionParameters.BUCKET_ITEMS_MAX / 2;

  public ManyParameters {
    others = others.stream().sorted().toList();
    receivers = receivers.stream().sorted().toList();
    int parties = others.size() + 2;
    if (parties < PARTIES_MIN || parties > PARTIES_MAX) {
      throw invalid("parties", PARTIES_MIN + " to " + PARTIES_MAX, "" + parties);
    }
    List<PartyId> all = new ArrayList<>(others);
    all.add(leader);
    all.add(pivot);
    if (new HashSet<>(all).size() != parties) {
      throw invalid("parties", "different ones", all.toString());
    }
    if (!all.containsAll(receivers) || new HashSet<>(receivers).size() != receivers.size()) {
      throw invalid("receivers", "some of " + all, receivers.toString());
    }
    if (!receivers.contains(leader) || receivers.size() > 1 && !receivers.contains(pivot)) {
      throw invalid(
          "receivers",
          "leader " + leader + " and, before any other, pivot " + pivot,
          "" + receivers);
    }
    if (bucketItems < IntersectionParameters.BUCKET_ITEMS_MIN || bucketItems > BUCKET_ITEMS_MAX) {
      throw invalid(
          "bucketItems",
          IntersectionParameters.BUCKET_ITEMS_MIN + " to " + BUCKET_ITEMS_MAX,
          "" + bucketItems);
    }
    if (sizeStep < 1 || sizeStep > IntersectionParameters.ITEMS_MAX) {
      throw invalid("sizeStep", "1 to " + IntersectionParameters.ITEMS_MAX, "" + sizeStep);
    }
  }

  /** With the usual bucket and sizes that are told exactly. */
  public static ManyParameters of(
      Digest session,
      PartyId leader,
      PartyId pivot,
      List<PartyId> others,
      List<PartyId> receivers,
      IntersectionParameters.Engine engine) {
    return new ManyParameters(
        session, leader, pivot, others, receivers, engine, IntersectionParameters.BUCKET_ITEMS, 1);
  }

  private static ProblemException invalid(String at, String expected, String found) {
    return new ProblemException(ErrorCode.INVALID_VALUE, at, expected, found);
  }

  /** All, in the order in which they are named everywhere. */
  List<PartyId> parties() {
    List<PartyId> all = new ArrayList<>(others);
    all.add(leader);
    all.add(pivot);
    return all.stream().sorted().toList();
  }

  /** Others that learn, beside the two centres. */
  List<PartyId> told() {
    return others.stream().filter(receivers::contains).toList();
  }

  /** The run of one bucket between leader and pivot, of so many buckets. */
  IntersectionParameters centres(Digest session, int buckets) {
    return new IntersectionParameters(
        session,
        leader,
        pivot,
        engine,
        receivers.contains(pivot),
        IntersectionParameters.BUCKET_ITEMS_MAX,
        1,
        buckets);
  }

  /**
   * The geometry of the store of a party with that load: that of the largest party, halved as long
   * as there is room. So stores of parties of like size can be added, and a small party's is small.
   */
  static ClusteredOkvs.Shape geometry(int largestLoad, int load) {
    int room = largestLoad;
    while (room > 1 && room - room / 2 >= load) {
      room -= room / 2;
    }
    return ClusteredOkvs.Shape.of(room);
  }

  public Digest digest() {
    return Digest.of(
        String.join(
            "\n",
            PROTOCOL,
            session.hex(),
            leader.value(),
            pivot.value(),
            others.toString(),
            receivers.toString(),
            engine.label(),
            "" + bucketItems,
            "" + sizeStep));
  }
}

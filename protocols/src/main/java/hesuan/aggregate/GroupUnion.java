package hesuan.aggregate;

import hesuan.channel.Channel;
import hesuan.dp.GroupSelection;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The groups over which a query with private keys is asked: every party tells the leader those that
 * it selected, and the leader tells all of them what that comes to. The lists are private by
 * themselves; the leader sees whose is whose, the others only the union.
 *
 * @param session names job, step and attempt
 * @param keys values of each group
 * @param groupsMax most groups of one party
 * @param parties how many tell
 * @param tolerateLoss go on without a party that is gone
 */
public record GroupUnion(
    Digest session, int keys, int groupsMax, int parties, boolean tolerateLoss) {
  static final byte TAG_OPENING = 1;
  static final byte TAG_GROUPS = 2;
  static final byte VERSION = 1;

  /** So many groups with the longest keys fit a message. */
  private static final int BATCH = 1024;

  private static final int KEYS_MAX = 16;
  private static final int DIGEST_BYTES = 32;

  public GroupUnion {
    if (keys < 1 || keys > KEYS_MAX || groupsMax < 1 || parties < 1) {
      throw new IllegalArgumentException(
          "keys %d, groups %d, parties %d".formatted(keys, groupsMax, parties));
    }
  }

  /** At the leader. */
  public List<List<String>> lead(List<List<String>> own, Map<PartyId, ? extends Channel> members) {
    SortedSet<List<String>> union = new TreeSet<>(GroupSelection.ORDER);
    union.addAll(own);
    Map<PartyId, Channel> alive = new TreeMap<>(members);
    members.forEach(
        (party, channel) -> tolerant(alive, party, () -> union.addAll(heard(channel, groupsMax))));
    List<List<String>> all = List.copyOf(union);
    members.forEach(
        (party, channel) -> {
          if (alive.containsKey(party)) {
            tolerant(alive, party, () -> say(channel, all));
          }
        });
    return all;
  }

  /** At any other party. */
  public List<List<String>> join(List<List<String>> own, Channel leader) {
    say(leader, own);
    List<List<String>> union = heard(leader, Math.multiplyExact(groupsMax, parties));
    SortedSet<List<String>> all = new TreeSet<>(GroupSelection.ORDER);
    all.addAll(union);
    if (!all.containsAll(own)) {
      throw violation(leader, "a union with this party's own groups", "one without");
    }
    return union;
  }

  private void tolerant(Map<PartyId, Channel> alive, PartyId party, Runnable talk) {
    try {
      talk.run();
    } catch (ProblemException e) {
      boolean gone =
          switch (e.problem().code()) {
            case PEER_SILENT, PEER_UNREACHABLE, PEER_FAILED -> true;
            default -> false;
          };
      if (!gone || !tolerateLoss) {
        throw e;
      }
      alive.remove(party);
    }
  }

  private void say(Channel to, List<List<String>> groups) {
    to.send(
        TAG_OPENING,
        new Fields.Writer()
            .fixed(new byte[] {VERSION})
            .fixed(session.bytes())
            .number(keys)
            .number(groups.size() >>> Short.SIZE)
            .number(groups.size())
            .bytes());
    for (int from = 0; from < groups.size(); from += BATCH) {
      Fields.Writer body = new Fields.Writer();
      for (List<String> group : groups.subList(from, Math.min(groups.size(), from + BATCH))) {
        group.forEach(value -> body.block(value.getBytes(StandardCharsets.UTF_8)));
      }
      to.send(TAG_GROUPS, body.bytes());
    }
  }

  private List<List<String>> heard(Channel from, int most) {
    Fields.Reader opening =
        new Fields.Reader(from.peer(), from.receive(TAG_OPENING, 1 + DIGEST_BYTES + 6));
    byte version = opening.fixed(1)[0];
    byte[] of = opening.fixed(DIGEST_BYTES);
    int width = opening.number();
    int count = opening.number() << Short.SIZE | opening.number();
    opening.end();
    boolean same = version == VERSION && Arrays.equals(of, session.bytes()) && width == keys;
    if (!same || count < 0 || count > most) {
      throw violation(
          from,
          "version %d of this session, %d keys, at most %d groups".formatted(VERSION, keys, most),
          "version %d, %d keys, %d groups".formatted(version, width, count));
    }
    List<List<String>> groups = new ArrayList<>();
    while (groups.size() < count) {
      int batch = Math.min(BATCH, count - groups.size());
      Fields.Reader body =
          new Fields.Reader(
              from.peer(),
              from.receive(TAG_GROUPS, batch * keys * (2 + GroupSelection.KEY_BYTES_MAX)));
      for (int i = 0; i < batch; i++) {
        List<String> group = group(from, body);
        if (!groups.isEmpty() && GroupSelection.ORDER.compare(groups.getLast(), group) >= 0) {
          throw violation(from, "groups in ascending order, each once", "another order");
        }
        groups.add(group);
      }
      body.end();
    }
    return List.copyOf(groups);
  }

  private List<String> group(Channel from, Fields.Reader body) {
    List<String> group = new ArrayList<>();
    for (int k = 0; k < keys; k++) {
      try {
        group.add(
            StandardCharsets.UTF_8
                .newDecoder()
                .decode(java.nio.ByteBuffer.wrap(body.block(GroupSelection.KEY_BYTES_MAX)))
                .toString());
      } catch (CharacterCodingException e) {
        throw violation(from, "keys in UTF-8", "other bytes");
      }
    }
    if (!GroupSelection.isTellable(group)) {
      throw violation(from, "keys without control characters", "one with");
    }
    return List.copyOf(group);
  }

  private static ProblemException violation(Channel from, String expected, String found) {
    return new ProblemException(ErrorCode.PROTOCOL_VIOLATION, from.peer().value(), expected, found);
  }
}

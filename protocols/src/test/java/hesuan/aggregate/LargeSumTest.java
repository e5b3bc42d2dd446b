package hesuan.aggregate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Above a hundred parties: shares and masks among neighbours only, signatures by sample. */
class LargeSumTest {
  /** So many that a member does not see all signatures that are needed. */
  private static final int PARTIES = 124;

  private static final int LENGTH = 50;

  private final Federation federation = new Federation(PARTIES);
  private final SecureSumSettings settings = federation.settings(LENGTH, 3, true, false);
  private final PartyId victim = federation.roster.get(5);
  private final PartyId other = federation.roster.get(9);
  private final Set<PartyId> unmasked = ConcurrentHashMap.newKeySet();
  private final Set<PartyId> masked = ConcurrentHashMap.newKeySet();

  private static boolean is(Phase phase, byte[] body) {
    return body[0] == phase.code();
  }

  /** Notes who went on. */
  private Federation.Wire watched(Federation.Wire wire) {
    return (from, to, body) -> {
      byte[] passed = wire.pass(from, to, body);
      if (is(Phase.UNMASK, body)) {
        unmasked.add(from);
      } else if (is(Phase.MASKED, body)) {
        masked.add(from);
      }
      return passed;
    };
  }

  private Map<PartyId, Federation.End> sum(Federation.Wire wire) {
    return federation.sum(settings, watched(wire));
  }

  /** With a leader that takes any signature. */
  private Map<PartyId, Federation.End> sumWithCarelessLeader(Federation.Wire wire) {
    return federation.run(
        watched(wire),
        (self, channels) ->
            self.equals(federation.leader)
                ? new SecureSumLeader(settings, channels, (party, message, bytes) -> true)
                    .run(Federation.addend(self, LENGTH))
                : federation.member(self, settings, channels).run(Federation.addend(self, LENGTH)));
  }

  private static void assertNobodyHasASum(Map<PartyId, Federation.End> ends) {
    assertTrue(ends.values().stream().allMatch(end -> end.outcome() == null));
  }

  /** Two parties are lost in each phase. */
  @Test
  void run_severalLostInEveryPhase_sumIsOfTheSurvivors() {
    Map<PartyId, Phase> gone = new HashMap<>();
    for (Phase phase :
        List.of(Phase.MASKED, Phase.MASKED_WITH, Phase.SIGNATURE, Phase.SAMPLE, Phase.UNMASK)) {
      for (int i = 0; i < 2; i++) {
        gone.put(federation.roster.get(12 * gone.size() + 1), phase);
      }
    }
    Map<PartyId, Federation.End> ends =
        sum(
            (from, to, body) -> {
              Phase last = gone.get(from);
              return last != null && is(last, body) ? null : body;
            });
    List<PartyId> survivors = new ArrayList<>(federation.roster);
    gone.forEach(
        (party, phase) -> {
          if (phase.compareTo(Phase.MASKED_WITH) <= 0) {
            survivors.remove(party);
          }
        });
    assertEquals(PARTIES - 4, survivors.size());
    SumOutcome outcome = assertInstanceOf(SumOutcome.class, ends.get(federation.leader).outcome());
    assertEquals(survivors, outcome.survivors());
    assertArrayEquals(Federation.plain(survivors, LENGTH), outcome.sum());
    assertEquals(
        new SumReceipt(survivors, outcome.transcript()),
        ends.get(federation.roster.get(3)).outcome());
  }

  @Test
  void run_withoutTolerance_everyHolderHelps_andEachAsksForSignaturesOfItsOwnChoice() {
    SecureSumSettings strict = federation.settings(LENGTH, 3, false, false);
    Map<PartyId, List<Integer>> asked = new ConcurrentHashMap<>();
    Map<PartyId, Federation.End> ends =
        federation.sum(
            strict,
            (from, to, body) -> {
              if (is(Phase.SAMPLE, body)) {
                byte[] places = Arrays.copyOfRange(body, 1, body.length);
                asked.put(
                    from,
                    Messages.decodePlaces(from, places, SecureSumSettings.SAMPLE, PARTIES - 1));
              }
              return body;
            });
    SumOutcome outcome = assertInstanceOf(SumOutcome.class, ends.get(federation.leader).outcome());
    assertArrayEquals(Federation.plain(federation.roster, LENGTH), outcome.sum());
    assertEquals(PARTIES - 1, asked.size());
    assertEquals(PARTIES - 1, Set.copyOf(asked.values()).size());
    Set<Integer> together = new TreeSet<>();
    asked.values().forEach(together::addAll);
    assertEquals(PARTIES - 1, together.size());
  }

  /** What a leader sees: whose holder everyone is, and the holders of the victim. */
  private final class Seen {
    private final Map<PartyId, Messages.Neighbourhood> told = new ConcurrentHashMap<>();

    void watch(PartyId to, byte[] body) {
      if (is(Phase.SHARES, body)) {
        byte[] payload = Arrays.copyOfRange(body, 1, body.length);
        told.put(to, Messages.Neighbourhood.decode(to, payload, settings));
      }
    }

    List<Integer> holdersOf(PartyId party) {
      return List.copyOf(told.get(party).holders().keySet());
    }

    /** A message of survivors without some of them, with the tags that belong to it. */
    byte[] without(PartyId to, byte[] body, Set<Integer> lost) {
      Fields.Reader in = new Fields.Reader(to, Arrays.copyOfRange(body, 1, body.length));
      SortedMap<Integer, byte[]> survivors = Messages.decodeDigests(in, settings);
      Fields.Writer tags = new Fields.Writer();
      for (int owner : told.get(to).boxes().keySet()) {
        if (survivors.containsKey(owner)) {
          byte[] tag = in.fixed(PairKeys.TAG);
          if (!lost.contains(owner)) {
            tags.fixed(tag);
          }
        }
      }
      in.end();
      survivors.keySet().removeAll(lost);
      return Link.body(
          Phase.SURVIVORS,
          new Fields.Writer().fixed(Messages.encodeDigests(survivors)).fixed(tags.bytes()).bytes());
    }
  }

  /**
   * A leader that calls a member's neighbours lost, to be left with its vector alone: one honest
   * holder too few and the member says no more; just enough and it goes on to sign (with a list of
   * which this leader then finds no sum).
   */
  @Test
  void run_leaderCallsTheHoldersOfAMemberLost_memberRefuses() {
    Seen seen = new Seen();
    Set<PartyId> signed = ConcurrentHashMap.newKeySet();
    Map<PartyId, Integer> left =
        Map.of(victim, settings.sharesMin() - 1, other, settings.sharesMin());
    Map<PartyId, Federation.End> ends =
        sum(
            (from, to, body) -> {
              seen.watch(to, body);
              if (left.containsKey(to) && is(Phase.SURVIVORS, body)) {
                List<Integer> of = seen.holdersOf(to);
                return seen.without(
                    to,
                    body,
                    of.subList(left.get(to), of.size()).stream()
                        .filter(holder -> !federation.roster.get(holder).equals(to))
                        .collect(Collectors.toSet()));
              }
              if (is(Phase.SIGNATURE, body)) {
                signed.add(from);
              }
              return body;
            });
    assertNobodyHasASum(ends);
    assertEquals(ErrorCode.GROUP_TOO_SMALL, ends.get(victim).problem());
    assertFalse(signed.contains(victim));
    assertTrue(signed.contains(other));
  }

  /** Another key for one neighbour: everyone's word is for another roster. */
  @Test
  void run_leaderSwapsANeighboursKey_nothingMaskedLeaves() {
    Map<PartyId, Federation.End> ends =
        sum(
            (from, to, body) -> {
              if (to.equals(victim) && is(Phase.ROSTER, body)) {
                body[body.length - 10] ^= 1;
              }
              return body;
            });
    assertNobodyHasASum(ends);
    assertEquals(ErrorCode.SIGNATURE_REFUSED, ends.get(victim).problem());
    assertFalse(masked.contains(victim));
  }

  /**
   * To one member another coin of a holder, which is not the word that the holder signed; to
   * another the word of a member that it did not draw; to a third too few of its holders.
   */
  @Test
  void run_leaderLiesAboutHolders_nothingMaskedLeaves() {
    PartyId third = federation.roster.get(11);
    Map<PartyId, Messages.Neighbourhood> told = new ConcurrentHashMap<>();
    Map<PartyId, Federation.End> ends =
        sum(
            (from, to, body) -> {
              if (!is(Phase.SHARES, body)) {
                return body;
              }
              // The members are told in their order.
              byte[] payload = Arrays.copyOfRange(body, 1, body.length);
              Messages.Neighbourhood own = Messages.Neighbourhood.decode(to, payload, settings);
              told.put(to, own);
              SortedMap<Integer, Messages.Confirmation> holders = new TreeMap<>(own.holders());
              if (to.equals(victim)) {
                Messages.Confirmation first = own.holders().get(holders.firstKey());
                byte[] coin = first.word().coin().clone();
                coin[0] ^= 1;
                holders.put(
                    holders.firstKey(),
                    new Messages.Confirmation(
                        new Messages.Word(first.word().commitment(), coin), first.signature()));
              } else if (to.equals(other)) {
                SortedMap<Integer, Messages.Confirmation> strange =
                    new TreeMap<>(told.get(victim).holders());
                strange.keySet().removeAll(holders.keySet());
                strange.remove(settings.indexOf(other));
                holders.put(strange.firstKey(), strange.get(strange.firstKey()));
              } else if (to.equals(third)) {
                while (holders.size() >= settings.sharesMin()) {
                  holders.remove(holders.lastKey());
                }
              }
              return Link.body(
                  Phase.SHARES, new Messages.Neighbourhood(holders, own.boxes()).encode());
            });
    assertNobodyHasASum(ends);
    assertEquals(ErrorCode.SIGNATURE_REFUSED, ends.get(victim).problem());
    assertEquals(ErrorCode.PROTOCOL_VIOLATION, ends.get(other).problem());
    assertEquals(ErrorCode.GROUP_TOO_SMALL, ends.get(third).problem());
    List.of(victim, other, third).forEach(party -> assertFalse(masked.contains(party)));
  }

  /** A word of an earlier round, coin and all, signed by the member itself. */
  @Test
  void run_coinOfAnEarlierRound_isRefused() {
    byte[][] earlier = new byte[1][];
    SecureSumSettings before =
        new SecureSumSettings(
            Digest.of("job/step/0"), federation.roster, federation.leader, LENGTH, 3, true, false);
    federation.sum(
        before,
        (from, to, body) -> {
          if (from.equals(victim) && is(Phase.SHARE, body)) {
            earlier[0] = body.clone();
          }
          return is(Phase.SHARES, body) ? null : body;
        });
    Map<PartyId, Federation.End> ends =
        sum(
            (from, to, body) ->
                from.equals(victim) && is(Phase.SHARE, body) ? earlier[0].clone() : body);
    assertNobodyHasASum(ends);
    assertEquals(ErrorCode.SIGNATURE_REFUSED, ends.get(federation.leader).problem());
    assertTrue(masked.isEmpty());
  }

  /** Half of the members hear of one lost party, half of another: neither list has signers. */
  @Test
  void run_leaderSplitsTheGroup_nobodyUnmasks() {
    Seen seen = new Seen();
    Map<PartyId, Federation.End> ends =
        sumWithCarelessLeader(
            (from, to, body) -> {
              seen.watch(to, body);
              boolean lower = settings.indexOf(to) < PARTIES / 2;
              return is(Phase.SURVIVORS, body)
                  ? seen.without(to, body, Set.of(lower ? PARTIES - 1 : 0))
                  : body;
            });
    assertEquals(Set.of(), unmasked);
    assertNobodyHasASum(ends);
  }

  /**
   * Three of the 83 that are said to have signed did not, and they are the last ones: a member that
   * asks for 80 of its own choice misses them once in 90,000 times.
   */
  @Test
  void run_leaderNamesSignersWhoDidNotSign_nobodyUnmasks() {
    int signers = settings.threshold();
    assertEquals(83, signers);
    List<PartyId> members = new ArrayList<>(federation.roster);
    members.remove(federation.leader);
    Set<PartyId> silent = Set.copyOf(members.subList(SecureSumSettings.SAMPLE, signers));
    Map<PartyId, Federation.End> ends =
        sumWithCarelessLeader(
            (from, to, body) ->
                silent.contains(from) && is(Phase.SIGNATURE, body)
                    ? Link.body(Phase.SIGNATURE, new byte[32])
                    : body);
    assertEquals(Set.of(), unmasked);
    assertNobodyHasASum(ends);
    assertEquals(ErrorCode.SIGNATURE_REFUSED, ends.get(federation.leader).problem());
  }

  /** A signature that the leader found only when it knew that it was wanted. */
  @Test
  void run_leaderShowsASignatureThatItDidNotNameBefore_memberRefuses() {
    Map<PartyId, Federation.End> ends =
        sum(
            (from, to, body) -> {
              if (to.equals(victim) && is(Phase.SIGNERS, body)) {
                for (int at = 3 + 2; at < body.length; at += 2 + 32) {
                  body[at] ^= 1; // every digest
                }
              }
              return body;
            });
    assertNobodyHasASum(ends);
    assertEquals(ErrorCode.PROTOCOL_VIOLATION, ends.get(victim).problem());
    assertFalse(unmasked.contains(victim));
  }

  /**
   * A leader that keeps holders from a member, so that it does not mask against them: they open no
   * share of its self mask.
   */
  @Test
  void run_leaderKeepsHoldersFromAMember_theyDoNotHelpAgainstIt() {
    Seen seen = new Seen();
    int kept = Neighbours.CHOSEN_THRESHOLD;
    Map<PartyId, Federation.End> ends =
        sum(
            (from, to, body) -> {
              seen.watch(to, body);
              if (to.equals(victim) && is(Phase.SHARES, body)) {
                Messages.Neighbourhood all = seen.told.get(victim);
                SortedMap<Integer, Messages.Confirmation> first = new TreeMap<>(all.holders());
                first.keySet().retainAll(seen.holdersOf(victim).subList(0, kept));
                return Link.body(
                    Phase.SHARES, new Messages.Neighbourhood(first, all.boxes()).encode());
              }
              if (from.equals(victim) && is(Phase.MASKED_WITH, body)) {
                assertEquals(1 + kept * PairKeys.TAG, body.length);
                return Arrays.copyOf(body, 1 + seen.holdersOf(victim).size() * PairKeys.TAG);
              }
              return body;
            });
    assertNobodyHasASum(ends);
    assertTrue(masked.contains(victim));
    List<Integer> holders = seen.holdersOf(victim);
    for (int holder : holders.subList(kept, holders.size())) {
      PartyId party = federation.roster.get(holder);
      assertFalse(unmasked.contains(party), party + " opened its share");
    }
    assertEquals(ErrorCode.PROTOCOL_VIOLATION, ends.get(federation.leader).problem());
  }

  /** One member with another length, round, rule or roster. */
  @Test
  void run_otherSettingsAtOneMember_areRefused_andEveryoneIsTold() {
    PartyId odd = federation.roster.get(7);
    for (SecureSumSettings other :
        List.of(
            federation.settings(LENGTH + 1, 3, true, false),
            federation.settings(LENGTH, 3, false, false),
            new SecureSumSettings(
                Digest.of("job/step/2"),
                federation.roster,
                federation.leader,
                LENGTH,
                3,
                true,
                false),
            new SecureSumSettings(
                settings.session(),
                federation.roster.subList(0, PARTIES - 1),
                federation.leader,
                LENGTH,
                3,
                true,
                false))) {
      Map<PartyId, Federation.End> ends =
          federation.run(
              watched((from, to, body) -> body),
              (self, channels) -> {
                SecureSumSettings used = self.equals(odd) ? other : settings;
                long[] addend = Federation.addend(self, used.length());
                return self.equals(federation.leader)
                    ? new SecureSumLeader(used, channels, federation.verifier()).run(addend)
                    : federation.member(self, used, channels).run(addend);
              });
      ends.forEach((party, end) -> assertEquals(ErrorCode.PROTOCOL_VIOLATION, end.problem()));
    }
    assertTrue(masked.isEmpty());
  }
}

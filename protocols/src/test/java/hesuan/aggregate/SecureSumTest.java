package hesuan.aggregate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.channel.Channel;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SecureSumTest {
  private static final Federation.Wire HONEST = (from, to, body) -> body;

  private static boolean is(Phase phase, byte[] body) {
    return body[0] == phase.code();
  }

  @ParameterizedTest
  @CsvSource({"3,1,false", "3,7,true", "4,8192,true", "5,8193,false", "6,131077,true"})
  void run_honestParties_sumEqualsThePlainOne(int parties, int length, boolean tolerateLoss) {
    Federation federation = new Federation(parties);
    Map<PartyId, Federation.End> ends =
        federation.sum(federation.settings(length, 3, tolerateLoss, false), HONEST);
    SumOutcome outcome = assertInstanceOf(SumOutcome.class, ends.get(federation.leader).outcome());
    assertArrayEquals(Federation.plain(federation.roster, length), outcome.sum());
    assertEquals(federation.roster, outcome.survivors());
    ends.forEach(
        (party, end) -> {
          if (!party.equals(federation.leader)) {
            assertEquals(new SumReceipt(outcome.survivors(), outcome.transcript()), end.outcome());
          }
        });
  }

  @Test
  void run_twoPartiesWithNoisedAddends_adds_plainAddendsAreRefused() {
    Federation federation = new Federation(2);
    Map<PartyId, Federation.End> ends =
        federation.sum(federation.settings(10, 2, false, true), HONEST);
    SumOutcome outcome = assertInstanceOf(SumOutcome.class, ends.get(federation.leader).outcome());
    assertArrayEquals(Federation.plain(federation.roster, 10), outcome.sum());
    ProblemException refused =
        assertThrows(ProblemException.class, () -> federation.settings(10, 3, false, false));
    assertEquals(ErrorCode.GROUP_TOO_SMALL, refused.problem().code());
    refused = assertThrows(ProblemException.class, () -> federation.settings(10, 2, false, false));
    assertEquals(ErrorCode.INVALID_VALUE, refused.problem().code());
  }

  /** The wire of parties that vanish instead of sending their message of a phase. */
  private static Federation.Wire cut(Phase phase, PartyId... parties) {
    Set<PartyId> gone = Set.of(parties);
    return (from, to, body) -> gone.contains(from) && is(phase, body) ? null : body;
  }

  @ParameterizedTest
  @EnumSource(
      value = Phase.class,
      names = {"ADVERTISE", "SHARE", "MASKED", "MASKED_WITH", "SIGNATURE", "UNMASK"})
  void run_partyLostInAPhase_sumIsOfTheSurvivors(Phase phase) {
    Federation federation = new Federation(5);
    int length = 20_000;
    for (int lost : new int[] {0, 1, 3, 4}) {
      PartyId gone = federation.roster.get(lost);
      Map<PartyId, Federation.End> ends =
          federation.sum(federation.settings(length, 3, true, false), cut(phase, gone));
      List<PartyId> survivors = new ArrayList<>(federation.roster);
      // Whoever's vector came is in the sum, even if it was lost afterwards.
      if (phase.compareTo(Phase.MASKED_WITH) <= 0) {
        survivors.remove(gone);
      }
      SumOutcome outcome =
          assertInstanceOf(SumOutcome.class, ends.get(federation.leader).outcome());
      assertEquals(survivors, outcome.survivors());
      assertArrayEquals(Federation.plain(survivors, length), outcome.sum());
      for (PartyId party : federation.roster) {
        if (!party.equals(gone) && !party.equals(federation.leader)) {
          assertEquals(new SumReceipt(survivors, outcome.transcript()), ends.get(party).outcome());
        }
      }
    }
  }

  private static SecureSumSettings ofShares(
      Federation federation, int owners, int unreliable, boolean tolerateLoss) {
    return SecureSumSettings.ofShares(
        Digest.of("job/step/1"),
        federation.roster,
        federation.leader,
        10,
        federation.roster.subList(0, owners),
        unreliable,
        tolerateLoss);
  }

  /** Shares of one noise: at least n - t of reliable owners beside the reader's are in a sum. */
  @Test
  void ofShares_leavesOutNoMoreThanTheNoiseBears_andOpensOneSum() {
    for (int parties = 2; parties <= 12; parties++) {
      Federation federation = new Federation(parties);
      for (int owners = Math.max(2, parties - 2); owners <= parties; owners++) {
        for (int unreliable = 1; unreliable < owners - 1; unreliable++) {
          SecureSumSettings all = ofShares(federation, owners, unreliable, false);
          assertEquals(parties - 1, all.threshold());
          SecureSumSettings some = ofShares(federation, owners, unreliable, true);
          int lost = some.membersLosable();
          assertTrue(lost < unreliable);
          assertTrue(owners - lost - 1 >= owners - unreliable, "the reader's share is no noise");
          boolean leaderOwns = federation.roster.subList(0, owners).contains(federation.leader);
          int siding =
              unreliable - (leaderOwns ? 1 : 0) + (parties - owners) - (leaderOwns ? 0 : 1);
          // each list has signers enough, siding members sign both, an honest one signs one
          assertTrue(2 * some.threshold() - siding > parties - 1, parties + " " + unreliable);
        }
        SecureSumSettings whole = ofShares(federation, owners, owners - 1, true);
        assertTrue(whole.noised(), "a whole noise protects its owner alone");
      }
    }
    assertEquals(1, ofShares(new Federation(5), 5, 2, true).membersLosable());
    assertEquals(0, ofShares(new Federation(3), 3, 1, true).membersLosable());
  }

  @Test
  void run_ofShares_goesOnWithoutOne_andNotWithoutTwo() {
    Federation federation = new Federation(5);
    SecureSumSettings settings = ofShares(federation, 5, 2, true);
    PartyId gone = federation.roster.get(0);
    SumOutcome outcome =
        assertInstanceOf(
            SumOutcome.class,
            federation.sum(settings, cut(Phase.MASKED, gone)).get(federation.leader).outcome());
    assertEquals(federation.roster.subList(1, 5), outcome.survivors());
    Map<PartyId, Federation.End> ends =
        federation.sum(settings, cut(Phase.MASKED, gone, federation.roster.get(4)));
    assertEquals(ErrorCode.GROUP_TOO_SMALL, ends.get(federation.leader).problem());
    assertEquals(ErrorCode.GROUP_TOO_SMALL, ends.get(federation.roster.get(1)).problem());
  }

  @Test
  void run_partyLostInTheMiddleOfItsVector_leavesNoTrace() {
    Federation federation = new Federation(5);
    int length = 2 * MaskedVector.PIECE_CELLS + 3;
    PartyId gone = federation.roster.get(0);
    int[] pieces = {0};
    Map<PartyId, Federation.End> ends =
        federation.sum(
            federation.settings(length, 3, true, false),
            (from, to, body) ->
                from.equals(gone) && is(Phase.MASKED, body) && ++pieces[0] == 3 ? null : body);
    SumOutcome outcome = assertInstanceOf(SumOutcome.class, ends.get(federation.leader).outcome());
    List<PartyId> survivors = federation.roster.subList(1, 5);
    assertEquals(survivors, outcome.survivors());
    assertArrayEquals(Federation.plain(survivors, length), outcome.sum());
  }

  @ParameterizedTest
  @EnumSource(
      value = Phase.class,
      names = {"ADVERTISE", "SHARE", "MASKED", "MASKED_WITH", "SIGNATURE", "UNMASK"})
  void run_tooManyLost_everyoneIsToldGroupTooSmall(Phase phase) {
    Federation federation = new Federation(5);
    Map<PartyId, Federation.End> ends =
        federation.sum(
            federation.settings(100, 3, true, false),
            cut(phase, federation.roster.get(0), federation.roster.get(4)));
    for (int party : new int[] {1, 2, 3}) {
      assertEquals(ErrorCode.GROUP_TOO_SMALL, ends.get(federation.roster.get(party)).problem());
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Phase.class,
      names = {"ADVERTISE", "SHARE", "MASKED", "MASKED_WITH", "SIGNATURE", "UNMASK"})
  void run_partyLostWithoutTolerance_everyoneIsToldWho(Phase phase) {
    Federation federation = new Federation(4);
    Map<PartyId, Federation.End> ends =
        federation.sum(
            federation.settings(100, 3, false, false), cut(phase, federation.roster.get(0)));
    for (int party : new int[] {1, 2, 3}) {
      assertEquals(ErrorCode.PEER_SILENT, ends.get(federation.roster.get(party)).problem());
    }
  }

  /** Three parties: with one lost, the sum of two would tell each the other's vector. */
  @Test
  void run_threePartiesAndOneLost_isRefusedEvenWhenLossIsTolerated() {
    Federation federation = new Federation(3);
    Map<PartyId, Federation.End> ends =
        federation.sum(
            federation.settings(100, 3, true, false), cut(Phase.MASKED, federation.roster.get(0)));
    assertEquals(ErrorCode.GROUP_TOO_SMALL, ends.get(federation.leader).problem());
    assertEquals(ErrorCode.GROUP_TOO_SMALL, ends.get(federation.roster.get(2)).problem());
  }

  @Test
  void run_threePartiesNoisedAndOneLost_twoFinish() {
    Federation federation = new Federation(3);
    Map<PartyId, Federation.End> ends =
        federation.sum(
            federation.settings(100, 2, true, true), cut(Phase.MASKED, federation.roster.get(0)));
    SumOutcome outcome = assertInstanceOf(SumOutcome.class, ends.get(federation.leader).outcome());
    assertArrayEquals(Federation.plain(federation.roster.subList(1, 3), 100), outcome.sum());
  }

  /** A changed bit anywhere ends in a problem at the leader or a right sum, never a wrong one. */
  @ParameterizedTest
  @EnumSource(
      value = Phase.class,
      names = {
        "ADVERTISE",
        "ROSTER",
        "SHARE",
        "SHARES",
        "MASKED",
        "MASKED_WITH",
        "SURVIVORS",
        "SIGNATURE",
        "SIGNATURES",
        "UNMASK"
      })
  void run_bitFlippedOnTheWire_neverGivesAWrongSum(Phase phase) {
    Federation federation = new Federation(4);
    SecureSumSettings settings = federation.settings(40, 3, true, false);
    for (int at = 0; at < 60; at++) {
      int place = at;
      AtomicBoolean flipped = new AtomicBoolean();
      Map<PartyId, Federation.End> ends =
          federation.sum(
              settings,
              (from, to, body) -> {
                if (is(phase, body) && flipped.compareAndSet(false, true)) {
                  int index = (int) ((long) place * (body.length - 1) / 59);
                  body[index] = (byte) (body[index] ^ 1 << place % 8);
                }
                return body;
              });
      assertTrue(flipped.get());
      // A helper's share beyond the threshold is not used, so it can spoil nothing.
      if (ends.get(federation.leader).outcome() instanceof SumOutcome outcome) {
        assertEquals(Phase.UNMASK, phase);
        assertArrayEquals(Federation.plain(federation.roster, 40), outcome.sum());
      } else {
        ends.forEach(
            (party, end) -> assertNotNull(end.problem(), phase + " at " + place + ", " + party));
      }
    }
  }

  @Test
  void run_doneAltered_isNoticedByTheMember() {
    Federation federation = new Federation(3);
    PartyId victim = federation.roster.get(0);
    Map<PartyId, Federation.End> ends =
        federation.sum(
            federation.settings(5, 3, false, false),
            (from, to, body) -> {
              if (to.equals(victim) && is(Phase.DONE, body)) {
                body[5] ^= 1;
              }
              return body;
            });
    assertEquals(ErrorCode.PROTOCOL_VIOLATION, ends.get(victim).problem());
  }

  @Test
  void run_otherLengthSessionOrRules_isRefused_andEveryoneIsTold() {
    Federation federation = new Federation(4);
    SecureSumSettings settings = federation.settings(40, 3, true, false);
    List<SecureSumSettings> others =
        List.of(
            federation.settings(41, 3, true, false),
            federation.settings(40, 4, true, false),
            federation.settings(40, 3, false, false),
            federation.settings(40, 3, true, true),
            new SecureSumSettings(
                Digest.of("job/step/2"), federation.roster, federation.leader, 40, 3, true, false),
            new SecureSumSettings(
                settings.session(),
                federation.roster.subList(0, 3),
                federation.leader,
                40,
                3,
                true,
                false));
    PartyId odd = federation.roster.get(0);
    for (SecureSumSettings other : others) {
      Map<PartyId, Federation.End> ends =
          federation.run(
              HONEST,
              (self, channels) -> {
                SecureSumSettings used = self.equals(odd) ? other : settings;
                long[] addend = Federation.addend(self, used.length());
                return self.equals(federation.leader)
                    ? new SecureSumLeader(used, channels, federation.verifier()).run(addend)
                    : federation.member(self, used, channels).run(addend);
              });
      ends.forEach((party, end) -> assertEquals(ErrorCode.PROTOCOL_VIOLATION, end.problem()));
    }
  }

  /** Cells of another width, or of another modulus, are another number of bytes. */
  @ParameterizedTest
  @ValueSource(ints = {40 * Integer.BYTES, 40 * Long.BYTES - 1, 40 * Long.BYTES + 8, 0})
  void run_maskedVectorOfAnotherSize_isRefused_andNobodyUnmasks(int bytes) {
    Federation federation = new Federation(4);
    PartyId odd = federation.roster.get(0);
    AtomicBoolean unmasked = new AtomicBoolean();
    Map<PartyId, Federation.End> ends =
        federation.sum(
            federation.settings(40, 3, true, false),
            (from, to, body) -> {
              unmasked.compareAndSet(false, is(Phase.UNMASK, body));
              return from.equals(odd) && is(Phase.MASKED, body)
                  ? Arrays.copyOf(body, 1 + bytes)
                  : body;
            });
    ends.forEach((party, end) -> assertEquals(ErrorCode.PROTOCOL_VIOLATION, end.problem()));
    assertFalse(unmasked.get());
  }

  /**
   * What a member sent in one session, replayed by it (or by whoever holds its line) in another.
   */
  @ParameterizedTest
  @EnumSource(
      value = Phase.class,
      names = {"ADVERTISE", "SHARE", "MASKED", "MASKED_WITH", "SIGNATURE", "UNMASK"})
  void run_messageOfAnEarlierSession_isRefused(Phase phase) {
    Federation federation = new Federation(4);
    PartyId replayed = federation.roster.get(0);
    byte[][] recorded = new byte[1][];
    federation.sum(
        new SecureSumSettings(
            Digest.of("job/step/0"), federation.roster, federation.leader, 40, 3, true, false),
        (from, to, body) -> {
          if (from.equals(replayed) && is(phase, body)) {
            recorded[0] = body.clone();
          }
          return body;
        });
    Map<PartyId, Federation.End> ends =
        federation.sum(
            federation.settings(40, 3, true, false),
            (from, to, body) ->
                from.equals(replayed) && is(phase, body) ? recorded[0].clone() : body);
    ends.forEach((party, end) -> assertNull(end.outcome(), phase + " replayed, " + party));
  }

  @Test
  void run_messageSentTwice_isRefused() {
    Federation federation = new Federation(4);
    PartyId odd = federation.roster.get(0);
    Map<PartyId, Federation.End> ends =
        federation.run(
            HONEST,
            (self, channels) -> {
              SecureSumSettings settings = federation.settings(40, 3, true, false);
              if (self.equals(federation.leader)) {
                return new SecureSumLeader(settings, channels, federation.verifier())
                    .run(Federation.addend(self, 40));
              }
              Channel channel = channels.get(federation.leader);
              Channel twice =
                  self.equals(odd) ? new Twice(channel, Phase.ADVERTISE.code()) : channel;
              return federation
                  .member(self, settings, Map.of(federation.leader, twice))
                  .run(Federation.addend(self, 40));
            });
    assertEquals(ErrorCode.PROTOCOL_VIOLATION, ends.get(federation.leader).problem());
    ends.forEach((party, end) -> assertNull(end.outcome()));
  }

  private record Twice(Channel inner, byte phase) implements Channel {
    @Override
    public PartyId self() {
      return inner.self();
    }

    @Override
    public PartyId peer() {
      return inner.peer();
    }

    @Override
    public void send(byte tag, byte[] body) {
      inner.send(tag, body);
      if (body[0] == phase) {
        inner.send(tag, body);
      }
    }

    @Override
    public byte[] receive(byte tag, int bytesMax) {
      return inner.receive(tag, bytesMax);
    }
  }

  /** A leader that puts its own key in a member's place would read that member's pairwise masks. */
  @Test
  void run_leaderSwapsAMembersKey_membersRefuse_beforeAnythingMaskedIsSent() {
    Federation federation = new Federation(4);
    PartyId victim = federation.roster.get(0);
    AtomicBoolean masked = new AtomicBoolean();
    Map<PartyId, Federation.End> ends =
        federation.sum(
            federation.settings(40, 3, true, false),
            (from, to, body) -> {
              if (to.equals(victim) && is(Phase.ROSTER, body)) {
                body[body.length - 80] ^= 1; // inside the last member's masking key or signature
              }
              masked.compareAndSet(false, from.equals(victim) && is(Phase.MASKED, body));
              return body;
            });
    assertEquals(ErrorCode.SIGNATURE_REFUSED, ends.get(victim).problem());
    assertFalse(masked.get());
  }

  /** Two stories of who is lost would give the leader both secrets of one member. */
  @Test
  void run_leaderTellsTwoStoriesOfSurvivors_memberRefusesToUnmask() {
    Federation federation = new Federation(4);
    SecureSumSettings settings = federation.settings(40, 3, true, false);
    PartyId victim = federation.roster.get(0);
    AtomicBoolean unmasked = new AtomicBoolean();
    Map<PartyId, Federation.End> ends =
        federation.run(
            (from, to, body) -> {
              if (to.equals(victim) && is(Phase.SURVIVORS, body)) {
                // Without the last member: one fewer, its entry and its tag cut off.
                int tags = 3 + 3 * 34;
                byte[] shorter = Arrays.copyOf(body, body.length - 34 - PairKeys.TAG);
                System.arraycopy(body, tags, shorter, tags - 34, PairKeys.TAG);
                shorter[2]--;
                return shorter;
              }
              unmasked.compareAndSet(false, from.equals(victim) && is(Phase.UNMASK, body));
              return body;
            },
            (self, channels) ->
                self.equals(federation.leader)
                    // The dishonest leader does not mind signatures over different lists.
                    ? new SecureSumLeader(settings, channels, (party, message, bytes) -> true)
                        .run(Federation.addend(self, 40))
                    : federation.member(self, settings, channels).run(Federation.addend(self, 40)));
    assertEquals(ErrorCode.SIGNATURE_REFUSED, ends.get(victim).problem());
    assertFalse(unmasked.get());
  }

  @Test
  void threshold_withTolerance_letsNoTwoStoriesBothFindEnoughSigners() {
    for (int parties = 3; parties <= 20; parties++) {
      SecureSumSettings settings = new Federation(parties).settings(1, 3, true, false);
      assertTrue(2 * settings.threshold() > settings.members());
      assertTrue(settings.threshold() <= settings.members());
    }
  }

  /** All addends are zero, so what is on the wire is masks: bytes must look uniform. */
  @Test
  void run_maskedVectors_lookUniform_andDifferInEverySession() {
    Federation federation = new Federation(3);
    int length = 50_000;
    List<Map<PartyId, byte[]>> sessions = new ArrayList<>();
    for (int session = 0; session < 2; session++) {
      SecureSumSettings settings =
          new SecureSumSettings(
              Digest.of("job/step/" + session),
              federation.roster,
              federation.leader,
              length,
              3,
              false,
              false);
      Map<PartyId, ByteArrayOutputStream> seen = new ConcurrentHashMap<>();
      federation.run(
          (from, to, body) -> {
            if (is(Phase.MASKED, body)) {
              seen.computeIfAbsent(from, p -> new ByteArrayOutputStream())
                  .write(body, 1, body.length - 1);
            }
            return body;
          },
          (self, channels) ->
              self.equals(federation.leader)
                  ? new SecureSumLeader(settings, channels, federation.verifier())
                      .run(new long[length])
                  : federation.member(self, settings, channels).run(new long[length]));
      Map<PartyId, byte[]> bytes = new TreeMap<>();
      seen.forEach((party, out) -> bytes.put(party, out.toByteArray()));
      assertEquals(2, bytes.size());
      sessions.add(bytes);
    }
    sessions.forEach(session -> session.values().forEach(bytes -> assertTrue(uniform(bytes))));
    for (PartyId party : sessions.get(0).keySet()) {
      byte[] first = sessions.get(0).get(party);
      byte[] second = sessions.get(1).get(party);
      assertNotEquals(Arrays.hashCode(first), Arrays.hashCode(second));
      byte[] difference = new byte[first.length];
      for (int i = 0; i < first.length; i++) {
        difference[i] = (byte) (first[i] - second[i]);
      }
      assertTrue(uniform(difference), "masks of two sessions are related");
    }
    assertFalse(uniform(new byte[400_000]), "the check itself must see what is not masked");
  }

  /** Chi-square on bytes, 255 degrees of freedom: above 400 less than once in 10^7 runs. */
  static boolean uniform(byte[] bytes) {
    int[] seen = new int[256];
    for (byte b : bytes) {
      seen[b & 0xff]++;
    }
    double expected = bytes.length / 256.0;
    double statistic = 0;
    for (int count : seen) {
      statistic += (count - expected) * (count - expected) / expected;
    }
    return statistic < 400;
  }
}

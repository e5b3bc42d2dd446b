package hesuan.aggregate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Above a hundred parties: shares and masks among neighbours only. */
class LargeSumTest {
  private static final int PARTIES = 104;
  private static final int LENGTH = 50;
  private static final int SURVIVOR_BYTES = 2 + 32;

  private final Federation federation = new Federation(PARTIES);
  private final SecureSumSettings settings = federation.settings(LENGTH, 3, true, false);
  private final PartyId victim = federation.roster.get(5);

  private static boolean is(Phase phase, byte[] body) {
    return body[0] == phase.code();
  }

  @ParameterizedTest
  @EnumSource(
      value = Phase.class,
      names = {"MASKED", "UNMASK"})
  void run_severalLostInAPhase_sumIsOfTheSurvivors(Phase phase) {
    Set<PartyId> gone =
        IntStream.range(0, 8)
            .mapToObj(i -> federation.roster.get(12 * i + 1))
            .collect(Collectors.toSet());
    Map<PartyId, Federation.End> ends =
        federation.sum(
            settings, (from, to, body) -> gone.contains(from) && is(phase, body) ? null : body);
    List<PartyId> survivors = new ArrayList<>(federation.roster);
    if (phase.compareTo(Phase.MASKED) <= 0) {
      survivors.removeAll(gone);
    }
    SumOutcome outcome = assertInstanceOf(SumOutcome.class, ends.get(federation.leader).outcome());
    assertEquals(survivors, outcome.survivors());
    assertArrayEquals(Federation.plain(survivors, LENGTH), outcome.sum());
    assertEquals(
        new SumReceipt(survivors, outcome.transcript()),
        ends.get(federation.roster.get(3)).outcome());
  }

  @Test
  void run_withoutTolerance_everyHolderHelps() {
    SecureSumSettings strict = federation.settings(LENGTH, 3, false, false);
    Map<PartyId, Federation.End> ends = federation.sum(strict, (from, to, body) -> body);
    SumOutcome outcome = assertInstanceOf(SumOutcome.class, ends.get(federation.leader).outcome());
    assertArrayEquals(Federation.plain(federation.roster, LENGTH), outcome.sum());
  }

  /** What a leader sees of a member's holders: its coin and the roster. */
  private final class Holders {
    private byte @Nullable [] rosterDigest;
    private byte @Nullable [] coin;

    void watch(PartyId from, byte[] body) {
      if (is(Phase.ROSTER, body)) {
        rosterDigest = Digest.of(Arrays.copyOfRange(body, 1, body.length)).bytes();
      } else if (from.equals(victim) && is(Phase.SHARE, body)) {
        coin = Arrays.copyOfRange(body, 33, 65);
      }
    }

    List<Integer> of(int owner) {
      List<Integer> members =
          IntStream.range(0, PARTIES).filter(settings::isMember).boxed().toList();
      return Neighbours.holders(settings, rosterDigest, members, owner, coin);
    }
  }

  /** The list of survivors without some of them. */
  private static byte[] without(byte[] body, Set<Integer> lost) {
    byte[] shorter = new byte[body.length];
    int at = 3;
    int count = 0;
    for (int from = 3; from < body.length; from += SURVIVOR_BYTES) {
      int index = (body[from] & 0xff) << 8 | body[from + 1] & 0xff;
      if (!lost.contains(index)) {
        System.arraycopy(body, from, shorter, at, SURVIVOR_BYTES);
        at += SURVIVOR_BYTES;
        count++;
      }
    }
    shorter[0] = body[0];
    shorter[1] = (byte) (count >>> 8);
    shorter[2] = (byte) count;
    return Arrays.copyOf(shorter, at);
  }

  /**
   * A leader that calls a member's neighbours lost, to be left with its vector alone: one honest
   * holder too few and the member says no more; just enough and it goes on to sign (with a list of
   * which this leader then finds no sum).
   */
  @ParameterizedTest
  @CsvSource({"63, false", "64, true"})
  void run_leaderCallsTheHoldersOfAMemberLost_memberRefuses(int left, boolean signs) {
    Holders holders = new Holders();
    AtomicBoolean signed = new AtomicBoolean();
    Map<PartyId, Federation.End> ends =
        federation.sum(
            settings,
            (from, to, body) -> {
              holders.watch(from, body);
              if (to.equals(victim) && is(Phase.SURVIVORS, body)) {
                List<Integer> of = holders.of(settings.indexOf(victim));
                return without(body, Set.copyOf(of.subList(left, of.size())));
              }
              signed.compareAndSet(false, from.equals(victim) && is(Phase.SIGNATURE, body));
              return body;
            });
    assertEquals(signs, signed.get());
    assertNull(ends.get(victim).outcome());
    if (!signs) {
      assertEquals(ErrorCode.GROUP_TOO_SMALL, ends.get(victim).problem());
    }
  }

  /** Another key for one neighbour: its word is for another roster. */
  @Test
  void run_leaderSwapsANeighboursKey_nothingMaskedLeaves() {
    AtomicBoolean masked = new AtomicBoolean();
    Map<PartyId, Federation.End> ends =
        federation.sum(
            settings,
            (from, to, body) -> {
              if (to.equals(victim) && is(Phase.ROSTER, body)) {
                body[body.length - 10] ^= 1;
              }
              masked.compareAndSet(false, from.equals(victim) && is(Phase.MASKED, body));
              return body;
            });
    assertNull(ends.get(victim).outcome());
    assertNull(ends.get(federation.leader).outcome());
    assertFalse(masked.get());
  }

  /** A leader that names another coin would choose who a member's neighbours are. */
  @Test
  void run_leaderNamesAnotherCoin_nothingMaskedLeaves() {
    AtomicBoolean masked = new AtomicBoolean();
    Map<PartyId, Federation.End> ends =
        federation.sum(
            settings,
            (from, to, body) -> {
              if (to.equals(victim) && is(Phase.SHARES, body)) {
                body[3 + 2 + 32] ^= 1; // the first sharer's coin
              }
              masked.compareAndSet(false, from.equals(victim) && is(Phase.MASKED, body));
              return body;
            });
    assertNull(ends.get(victim).outcome());
    assertNull(ends.get(federation.leader).outcome());
    assertFalse(masked.get());
  }

  /** Half of the members hear of one lost party, half of another: neither list has signers. */
  @Test
  void run_leaderSplitsTheGroup_nobodyUnmasks() {
    AtomicInteger unmasked = new AtomicInteger();
    Map<PartyId, Federation.End> ends =
        federation.run(
            (from, to, body) -> {
              if (is(Phase.UNMASK, body)) {
                unmasked.incrementAndGet();
              }
              boolean lower = settings.indexOf(to) < PARTIES / 2;
              return is(Phase.SURVIVORS, body)
                  ? without(body, Set.of(lower ? PARTIES - 1 : 0))
                  : body;
            },
            (self, channels) ->
                self.equals(federation.leader)
                    ? new SecureSumLeader(settings, channels, (party, message, bytes) -> true)
                        .run(Federation.addend(self, LENGTH))
                    : federation
                        .member(self, settings, channels)
                        .run(Federation.addend(self, LENGTH)));
    assertEquals(0, unmasked.get());
    assertTrue(ends.values().stream().allMatch(end -> end.outcome() == null));
  }
}

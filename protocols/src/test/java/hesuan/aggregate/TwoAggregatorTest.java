package hesuan.aggregate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
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
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TwoAggregatorTest {
  private static final Federation.Wire HONEST = (from, to, body) -> body;
  private static final int LENGTH = 300;

  private final Federation federation = new Federation(6);
  private final PartyId opening = federation.roster.get(2);
  private final PartyId other = federation.roster.get(4);

  private static boolean is(Phase phase, byte[] body) {
    return body[0] == phase.code();
  }

  private TwoAggregatorSettings settings(String session, int length, boolean tolerateLoss) {
    return new TwoAggregatorSettings(
        Digest.of(session), federation.roster, opening, other, length, 3, tolerateLoss, List.of());
  }

  private Map<PartyId, Federation.End> sum(TwoAggregatorSettings settings, Federation.Wire wire) {
    return federation.runAll(wire, (self, channels) -> run(self, channels, settings));
  }

  private Object run(PartyId self, Map<PartyId, Channel> channels, TwoAggregatorSettings settings) {
    long[] addend =
        settings.contributors().contains(self) ? Federation.addend(self, settings.length()) : null;
    return run(self, channels, settings, addend);
  }

  private Object run(
      PartyId self, Map<PartyId, Channel> channels, TwoAggregatorSettings settings, long[] addend) {
    PartySigner signer = federation.signer(self);
    PartyVerifier verifier = federation.verifier();
    var random = Federation.random(self.hashCode());
    if (self.equals(settings.opening())) {
      return new OpeningAggregator(settings, channels, signer, verifier, random).run(addend);
    }
    if (self.equals(settings.other())) {
      return new OtherAggregator(settings, channels, signer, verifier, random).run(addend);
    }
    return new TwoAggregatorContributor(
            settings, channels.get(opening), channels.get(other), signer, verifier, random)
        .run(addend);
  }

  @ParameterizedTest
  @CsvSource({"1,false", "7,true", "4097,false", "140000,true"})
  void run_honestParties_sumEqualsThePlainOne_atTheOpeningAggregatorAlone(
      int length, boolean tolerateLoss) {
    Map<PartyId, Federation.End> ends = sum(settings("a", length, tolerateLoss), HONEST);
    SumOutcome outcome = assertInstanceOf(SumOutcome.class, ends.get(opening).outcome());
    assertArrayEquals(Federation.plain(federation.roster, length), outcome.sum());
    assertEquals(federation.roster, outcome.survivors());
    ends.forEach(
        (party, end) -> {
          if (!party.equals(opening)) {
            assertEquals(new SumReceipt(outcome.survivors(), outcome.transcript()), end.outcome());
          }
        });
  }

  @Test
  void run_aggregatorsThatDoNotContribute_addTheOthers() {
    List<PartyId> four = new ArrayList<>(federation.roster);
    four.removeAll(List.of(opening, other));
    TwoAggregatorSettings settings =
        new TwoAggregatorSettings(
            Digest.of("a"), four, opening, other, LENGTH, 3, false, List.of());
    SumOutcome outcome =
        assertInstanceOf(SumOutcome.class, sum(settings, HONEST).get(opening).outcome());
    assertArrayEquals(Federation.plain(four, LENGTH), outcome.sum());
  }

  /** Lost at one aggregator or at both, before, between and within its messages. */
  @ParameterizedTest
  @CsvSource({"CONTRIBUTION, true", "PART, true", "CONTRIBUTION, false", "PART, false"})
  void run_contributorThatOneAggregatorLacks_isLeftOutAtBoth(Phase phase, boolean atOpening) {
    PartyId gone = federation.roster.get(1);
    TwoAggregatorSettings settings = settings("a", LENGTH, true);
    Map<PartyId, Federation.End> ends =
        sum(
            settings,
            (from, to, body) ->
                from.equals(gone) && to.equals(atOpening ? opening : other) && is(phase, body)
                    ? null
                    : body);
    List<PartyId> rest = new ArrayList<>(federation.roster);
    rest.remove(gone);
    SumOutcome outcome = assertInstanceOf(SumOutcome.class, ends.get(opening).outcome());
    assertEquals(rest, outcome.survivors());
    assertArrayEquals(Federation.plain(rest, LENGTH), outcome.sum());
    ends =
        sum(
            settings("a", LENGTH, false),
            (from, to, body) ->
                from.equals(gone) && to.equals(atOpening ? opening : other) && is(phase, body)
                    ? null
                    : body);
    assertNull(ends.get(opening).outcome());
    assertNull(ends.get(other).outcome());
  }

  @Test
  void run_tooFewContributors_nothingIsOpened() {
    AtomicBoolean opened = new AtomicBoolean();
    List<PartyId> gone = List.of(0, 1, 3, 5).stream().map(federation.roster::get).toList();
    Map<PartyId, Federation.End> ends =
        sum(
            settings("a", LENGTH, true),
            (from, to, body) -> {
              opened.compareAndSet(false, is(Phase.OPENED, body));
              return gone.contains(from) && is(Phase.CONTRIBUTION, body) ? null : body;
            });
    assertEquals(ErrorCode.GROUP_TOO_SMALL, ends.get(opening).problem());
    assertEquals(ErrorCode.GROUP_TOO_SMALL, ends.get(other).problem());
    assertFalse(opened.get());
  }

  /** A changed bit leaves its sender out or ends the sum: it never gives a wrong one. */
  @ParameterizedTest
  @EnumSource(
      value = Phase.class,
      names = {"OFFER", "CONTRIBUTION", "PART", "HELD", "SET", "OPENED", "RECEIPT"})
  void run_bitFlippedOnTheWire_neverGivesAWrongSum(Phase phase) {
    TwoAggregatorSettings settings = settings("a", 40, true);
    for (int at = 0; at < 40; at++) {
      int place = at;
      AtomicBoolean flipped = new AtomicBoolean();
      Map<PartyId, Federation.End> ends =
          sum(
              settings,
              (from, to, body) -> {
                if (is(phase, body) && flipped.compareAndSet(false, true)) {
                  int index = 1 + (int) ((long) place * (body.length - 2) / 39);
                  body[index] ^= (byte) (1 << place % 8);
                }
                return body;
              });
      assertTrue(flipped.get());
      if (ends.get(opening).outcome() instanceof SumOutcome outcome) {
        assertArrayEquals(Federation.plain(outcome.survivors(), 40), outcome.sum());
      }
    }
  }

  @Test
  void run_otherLengthSessionOrAggregators_isRefused() {
    TwoAggregatorSettings settings = settings("a", 40, false);
    PartyId odd = federation.roster.get(0);
    List<TwoAggregatorSettings> others =
        List.of(
            settings("b", 40, false),
            settings("a", 41, false),
            settings("a", 40, true),
            new TwoAggregatorSettings(
                settings.session(), federation.roster, opening, other, 40, 4, false, List.of()),
            new TwoAggregatorSettings(
                settings.session(),
                federation.roster.subList(0, 5),
                opening,
                other,
                40,
                3,
                false,
                List.of()),
            new TwoAggregatorSettings(
                settings.session(),
                federation.roster,
                opening,
                other,
                40,
                3,
                false,
                List.of(new CellRange(40, 0, 1))),
            new TwoAggregatorSettings(
                settings.session(),
                federation.roster,
                opening,
                other,
                40,
                3,
                false,
                List.of(new CellRange(20, 0, 1), new CellRange(20, 0, 2))));
    for (TwoAggregatorSettings different : others) {
      Map<PartyId, Federation.End> ends =
          federation.runAll(
              HONEST,
              (self, channels) -> run(self, channels, self.equals(odd) ? different : settings));
      ends.forEach((party, end) -> assertEquals(ErrorCode.PROTOCOL_VIOLATION, end.problem()));
    }
  }

  /** The same session again, as after a crash: what was recorded then opens nothing now. */
  @ParameterizedTest
  @EnumSource(
      value = Phase.class,
      names = {"CONTRIBUTION", "PART", "HELD", "SET", "OPENED"})
  void run_messageOfAnEarlierRunOfTheSameSession_isRefused(Phase phase) {
    TwoAggregatorSettings settings = settings("a", 40, true);
    byte[][] recorded = new byte[1][];
    PartyId replayer =
        switch (phase) {
          case HELD, OPENED -> other;
          case SET -> opening;
          default -> federation.roster.get(0);
        };
    PartyId receiver = phase == Phase.SET ? other : opening;
    sum(
        settings,
        (from, to, body) -> {
          if (from.equals(replayer) && to.equals(receiver) && is(phase, body)) {
            recorded[0] = body.clone();
          }
          return body;
        });
    AtomicBoolean fresh = new AtomicBoolean(true);
    Map<PartyId, Federation.End> ends =
        federation.runAll(
            (from, to, body) ->
                from.equals(replayer) && to.equals(receiver) && is(phase, body)
                    ? recorded[0].clone()
                    : body,
            (self, channels) -> {
              // other randomness than in the first run, as another process has
              PartySigner signer = federation.signer(self);
              PartyVerifier verifier = federation.verifier();
              var random = Federation.random(77L + self.hashCode());
              long[] addend = Federation.addend(self, 40);
              if (self.equals(opening)) {
                return new OpeningAggregator(settings, channels, signer, verifier, random)
                    .run(addend);
              }
              if (self.equals(other)) {
                return new OtherAggregator(settings, channels, signer, verifier, random)
                    .run(addend);
              }
              return new TwoAggregatorContributor(
                      settings,
                      channels.get(opening),
                      channels.get(other),
                      signer,
                      verifier,
                      random)
                  .run(addend);
            });
    assertTrue(fresh.get());
    if (ends.get(opening).outcome() instanceof SumOutcome outcome) {
      assertFalse(outcome.survivors().contains(replayer), phase + " replayed");
      assertArrayEquals(Federation.plain(outcome.survivors(), 40), outcome.sum());
    }
  }

  /** Parts of two vectors, each well signed, do not belong together. */
  @Test
  void run_contributorWithTwoVectors_isLeftOut() {
    TwoAggregatorSettings settings = settings("a", 40, true);
    PartyId odd = federation.roster.get(0);
    Map<PartyId, Federation.End> ends =
        federation.runAll(
            HONEST,
            (self, channels) -> {
              if (!self.equals(odd)) {
                return run(self, channels, settings);
              }
              Link toOpening = new Link(channels.get(opening));
              Link toOther = new Link(channels.get(other));
              byte[] context = settings.context();
              Offer first = Offer.receive(toOpening, context, federation.verifier());
              Offer second = Offer.receive(toOther, context, federation.verifier());
              for (Link link : List.of(toOther, toOpening)) {
                try (Contribution.Sealed sealed =
                    Contribution.seal(
                        settings,
                        self,
                        first,
                        second,
                        Federation.addend(self, 40),
                        federation.signer(self),
                        Federation.random(link.hashCode()))) {
                  if (link == toOther) {
                    sealed.sendToOther(link);
                  } else {
                    sealed.sendToOpening(link);
                  }
                }
              }
              return "sent";
            });
    SumOutcome outcome = assertInstanceOf(SumOutcome.class, ends.get(opening).outcome());
    assertEquals(federation.roster.subList(1, 6), outcome.survivors());
    assertArrayEquals(Federation.plain(outcome.survivors(), 40), outcome.sum());
  }

  /**
   * The opening aggregator alone would like the sum of few: the other opens none it does not hold.
   */
  @Test
  void run_openingAggregatorNamesASmallerOrAnotherSet_otherRefuses() {
    for (int entries : new int[] {2, 4}) {
      AtomicBoolean opened = new AtomicBoolean();
      Map<PartyId, Federation.End> ends =
          sum(
              settings("a", 40, true),
              (from, to, body) -> {
                opened.compareAndSet(false, is(Phase.OPENED, body));
                if (is(Phase.SET, body)) {
                  body[2] = (byte) entries; // the rest is then no signature
                }
                return body;
              });
      assertNull(ends.get(other).outcome());
      assertNull(ends.get(opening).outcome());
      assertFalse(opened.get());
    }
  }

  /** With a vector of zeros, all that is on the wire to an aggregator looks random, and differs. */
  @Test
  void run_partsOfAZeroVector_lookUniform_andDifferInEveryRun() {
    int length = 60_000;
    List<byte[]> runs = new ArrayList<>();
    for (int run = 0; run < 2; run++) {
      TwoAggregatorSettings settings = settings("run " + run, length, false);
      byte[] part = Cut.parts(settings, new long[length], Federation.random(run)).opening();
      runs.add(part);
      assertTrue(SecureSumTest.uniform(part));
    }
    assertNotEquals(Arrays.hashCode(runs.get(0)), Arrays.hashCode(runs.get(1)));
    ByteArrayOutputStream difference = new ByteArrayOutputStream();
    for (int i = 0; i < runs.get(0).length; i++) {
      difference.write(runs.get(0)[i] - runs.get(1)[i]);
    }
    assertTrue(SecureSumTest.uniform(difference.toByteArray()));
  }

  @Test
  void settings_ofOneAggregatorTwice_orTooSmallACohort_areRefused() {
    assertThrows(
        ProblemException.class,
        () ->
            new TwoAggregatorSettings(
                Digest.of("a"), federation.roster, opening, opening, 1, 3, false, List.of()));
    assertThrows(
        ProblemException.class,
        () ->
            new TwoAggregatorSettings(
                Digest.of("a"), federation.roster, opening, other, 1, 2, false, null));
  }

  // ---- with a range

  private TwoAggregatorSettings ranged(int length, boolean tolerateLoss, CellRange range) {
    return new TwoAggregatorSettings(
        Digest.of("ranged"),
        federation.roster,
        opening,
        other,
        length,
        3,
        tolerateLoss,
        List.of(range));
  }

  private long[] inRange(PartyId party, int length, CellRange range) {
    return new java.util.Random(party.hashCode())
        .longs(length, range.lower(), range.upper() + 1)
        .toArray();
  }

  private long[] plain(List<PartyId> parties, int length, CellRange range) {
    long[] sum = new long[length];
    for (PartyId party : parties) {
      long[] addend = inRange(party, length, range);
      for (int i = 0; i < length; i++) {
        sum[i] += addend[i];
      }
    }
    return sum;
  }

  @ParameterizedTest
  @CsvSource({
    "1,0,1",
    "7,-1000,1000",
    "300,-5,4294967290",
    "40,-9007199254740000,-9007199254730000"
  })
  void run_withARange_sumEqualsThePlainOne(int length, long lower, long upper) {
    CellRange range = new CellRange(length, lower, upper);
    TwoAggregatorSettings settings = ranged(length, false, range);
    Map<PartyId, Federation.End> ends =
        federation.runAll(
            HONEST,
            (self, channels) -> run(self, channels, settings, inRange(self, length, range)));
    SumOutcome outcome = assertInstanceOf(SumOutcome.class, ends.get(opening).outcome());
    assertArrayEquals(plain(federation.roster, length, range), outcome.sum());
  }

  @Test
  void run_withARangeForEachRunOfCells_sumEqualsThePlainOne_andEachRunHasItsOwn() {
    List<CellRange> ranges =
        List.of(
            new CellRange(2, 0, 70_000),
            new CellRange(1, -4_000_000_000_000_000L, 4_000_000_000_000_000L),
            new CellRange(3, 0, 1));
    TwoAggregatorSettings settings =
        new TwoAggregatorSettings(
            Digest.of("runs"), federation.roster, opening, other, 6, 3, true, ranges);
    PartyId odd = federation.roster.get(0);
    for (int cell = 0; cell < 6; cell++) {
      long[] addend = {70_000, 0, -4_000_000_000_000_000L, 1, 0, 1};
      long[] outside = addend.clone();
      outside[cell] = cell == 2 ? 4_000_000_000_000_001L : cell < 2 ? 70_001 : 2;
      Map<PartyId, Federation.End> ends =
          federation.runAll(
              HONEST,
              (self, channels) ->
                  run(self, channels, settings, self.equals(odd) ? outside : addend));
      assertEquals(ErrorCode.INVALID_VALUE, ends.get(odd).problem());
      SumOutcome outcome = assertInstanceOf(SumOutcome.class, ends.get(opening).outcome());
      assertArrayEquals(Arrays.stream(addend).map(a -> 5 * a).toArray(), outcome.sum());
    }
  }

  @Test
  void settings_withRangesOfOtherCells_orTooWideForTheirSum_areRefused() {
    for (List<CellRange> ranges :
        List.of(
            List.of(new CellRange(5, 0, 1)),
            List.of(new CellRange(4, 0, 1), new CellRange(3, 0, 1)),
            List.of(new CellRange(6, 0, Long.MAX_VALUE / 6 + 1)),
            List.of(new CellRange(5, 0, 1), new CellRange(1, 0, (1L << 62) - 1)))) {
      ProblemException refused =
          assertThrows(
              ProblemException.class,
              () ->
                  new TwoAggregatorSettings(
                      Digest.of("a"), federation.roster, opening, other, 6, 3, false, ranges));
      assertEquals("range", refused.problem().at());
    }
  }

  /** An honest party's own figure outside the range ends at that party. */
  @Test
  void run_withAnOwnFigureOutsideTheRange_partySaysSo() {
    CellRange range = new CellRange(2, 0, 10);
    PartyId odd = federation.roster.get(0);
    for (boolean tolerateLoss : new boolean[] {true, false}) {
      TwoAggregatorSettings settings = ranged(2, tolerateLoss, range);
      Map<PartyId, Federation.End> ends =
          federation.runAll(
              HONEST,
              (self, channels) ->
                  run(self, channels, settings, new long[] {5, self.equals(odd) ? 11 : 10}));
      assertEquals(ErrorCode.INVALID_VALUE, ends.get(odd).problem());
      if (tolerateLoss) {
        SumOutcome outcome = assertInstanceOf(SumOutcome.class, ends.get(opening).outcome());
        assertArrayEquals(new long[] {25, 50}, outcome.sum());
      } else {
        assertNull(ends.get(opening).outcome());
      }
    }
  }

  /** A contributor whose proof holds for a wider range than the job asks for. */
  @Test
  void run_contributorOutOfRangeByOne_isLeftOut_orEndsTheSum() {
    CellRange range = new CellRange(2, 0, 10);
    PartyId odd = federation.roster.get(0);
    for (boolean tolerateLoss : new boolean[] {true, false}) {
      TwoAggregatorSettings settings = ranged(2, tolerateLoss, range);
      Map<PartyId, Federation.End> ends =
          federation.runAll(
              HONEST,
              (self, channels) -> {
                if (!self.equals(odd)) {
                  return run(self, channels, settings, new long[] {5, 10});
                }
                Link toOpening = new Link(channels.get(opening));
                Link toOther = new Link(channels.get(other));
                byte[] context = settings.context();
                Offer first = Offer.receive(toOpening, context, federation.verifier());
                Offer second = Offer.receive(toOther, context, federation.verifier());
                Cut.Parts parts =
                    RangedSum.parts(
                        settings,
                        Offer.keysDigest(context, first, second),
                        self,
                        new long[] {5, 10},
                        Federation.random(6));
                int secondCell = 3 * 32 + 4 * Long.BYTES; // after parts, blind and a cell of 4 bits
                parts.opening()[secondCell]++;
                Contribution.Sealed sealed =
                    Contribution.seal(
                        settings,
                        self,
                        first,
                        second,
                        parts,
                        federation.signer(self),
                        Federation.random(5));
                sealed.sendToOther(toOther);
                sealed.sendToOpening(toOpening);
                return "sent";
              });
      if (tolerateLoss) {
        SumOutcome outcome = assertInstanceOf(SumOutcome.class, ends.get(opening).outcome());
        assertEquals(federation.roster.subList(1, 6), outcome.survivors());
        assertArrayEquals(new long[] {25, 50}, outcome.sum());
      } else {
        assertEquals(ErrorCode.PROTOCOL_VIOLATION, ends.get(opening).problem());
        assertEquals(ErrorCode.PROTOCOL_VIOLATION, ends.get(other).problem());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Phase.class,
      names = {"CONTRIBUTION", "PART", "CHECK", "SET", "MASKED"})
  void run_bitFlippedWithARange_neverGivesAWrongSum(Phase phase) {
    CellRange range = new CellRange(10, 0, 1000);
    TwoAggregatorSettings settings = ranged(10, true, range);
    for (int at = 0; at < 12; at++) {
      int place = at;
      AtomicBoolean flipped = new AtomicBoolean();
      Map<PartyId, Federation.End> ends =
          federation.runAll(
              (from, to, body) -> {
                if (is(phase, body) && body.length > 2 && flipped.compareAndSet(false, true)) {
                  body[1 + (int) ((long) place * (body.length - 2) / 11)] ^= 1;
                }
                return body;
              },
              (self, channels) -> run(self, channels, settings, inRange(self, 10, range)));
      assertTrue(flipped.get());
      // What the other aggregator gives as its half, nobody can check: its page says so.
      if (phase != Phase.MASKED && ends.get(opening).outcome() instanceof SumOutcome outcome) {
        assertArrayEquals(plain(outcome.survivors(), 10, range), outcome.sum());
      }
    }
  }

  /** Proofs that hold are not enough: both must have used the joint randomness of the shares. */
  @ParameterizedTest
  @CsvSource({"true", "false"})
  void run_withAProofUnderOtherJointRandomness_isRefused(boolean saidByOpening) {
    CellRange range = new CellRange(10, 0, 1000);
    TwoAggregatorSettings settings = ranged(10, true, range);
    PartyId liar = saidByOpening ? opening : other;
    int joint = 1 + 2 + 32; // after phase, place and part
    Map<PartyId, Federation.End> ends =
        federation.runAll(
            (from, to, body) -> {
              if (from.equals(liar) && is(Phase.CHECK, body) && body.length > 1) {
                body[joint] ^= 1;
              }
              return body;
            },
            (self, channels) -> run(self, channels, settings, inRange(self, 10, range)));
    assertNull(ends.get(opening).outcome());
    assertNull(ends.get(other).outcome());
  }
}

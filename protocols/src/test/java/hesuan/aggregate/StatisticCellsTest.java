package hesuan.aggregate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import hesuan.channel.Channel;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Plan.StatisticKind;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StatisticCellsTest {
  private static final Federation.Wire HONEST = (from, to, body) -> body;
  private static final long FAR = 4_000_000_000_000_000L;
  private static final List<Plan.Statistic> ALL =
      List.of(
          figure(StatisticKind.HISTOGRAM, 0),
          figure(StatisticKind.ROWS, 0),
          figure(StatisticKind.COUNT, 0),
          figure(StatisticKind.SUM, 0),
          figure(StatisticKind.MEAN, 0),
          figure(StatisticKind.VARIANCE, 0),
          figure(StatisticKind.STDDEV, 0),
          figure(StatisticKind.QUANTILE, 0),
          figure(StatisticKind.QUANTILE, 1),
          figure(StatisticKind.QUANTILE, 250_000),
          figure(StatisticKind.QUANTILE, 500_000),
          figure(StatisticKind.QUANTILE, 999_999),
          figure(StatisticKind.QUANTILE, 1_000_000));

  private final Federation federation = new Federation(4);

  private static Plan.Statistic figure(StatisticKind kind, int shareMicros) {
    return new Plan.Statistic(kind, kind + "_" + shareMicros, shareMicros);
  }

  /** A row of an owner's. */
  private record Row(int group, @Nullable Long value) {}

  private Plan.SecureSum step(
      int groups,
      List<Plan.Statistic> figures,
      long upper,
      List<Long> bins,
      long rowsMax,
      boolean proved) {
    List<String> keys = new ArrayList<>();
    for (int g = 0; g < groups; g++) {
      keys.add("k" + g);
    }
    return new Plan.SecureSum(
        "sum",
        federation.roster.stream().map(p -> ProductRef.parse(p + "/stores@1")).toList(),
        "fen",
        "city",
        keys,
        false,
        List.of(),
        null,
        new Plan.Statistics(figures, bins.getFirst(), upper, bins, rowsMax, proved));
  }

  private static long[] part(StatisticCells cells, List<Row> rows) {
    StatisticCells.Part part = cells.part();
    rows.forEach(row -> part.add(row.group, row.value, 1));
    return part.vector();
  }

  private List<List<String>> answer(StatisticCells cells, List<List<Row>> owners) {
    long[] sum = new long[cells.cells()];
    for (List<Row> rows : owners) {
      long[] part = part(cells, rows);
      Arrays.setAll(sum, i -> sum[i] + part[i]);
    }
    return cells.rows(sum, owners.size());
  }

  // ---- against another way to compute the same

  /** By sorting, counting and sums of squares around the very mean, in rational numbers. */
  private static List<String> oracle(String key, long upper, List<Long> bins, List<Row> rows) {
    List<Long> values = new ArrayList<>();
    rows.stream().filter(r -> r.value != null).forEach(r -> values.add(r.value));
    Collections.sort(values);
    List<String> row = new ArrayList<>(List.of(key));
    List<long[]> ends = new ArrayList<>();
    for (int b = 0; b < bins.size(); b++) {
      long end = b + 1 == bins.size() ? upper : bins.get(b + 1) - 1;
      ends.add(new long[] {bins.get(b), end});
      row.add("" + values.stream().filter(v -> v >= ends.getLast()[0] && v <= end).count());
    }
    BigInteger n = BigInteger.valueOf(values.size());
    BigInteger sum =
        values.stream().map(BigInteger::valueOf).reduce(BigInteger.ZERO, BigInteger::add);
    row.addAll(List.of("" + rows.size(), "" + n, "" + sum));
    MathContext digits = new MathContext(18, RoundingMode.HALF_UP);
    row.add(n.signum() == 0 ? null : plain(new BigDecimal(sum).divide(new BigDecimal(n), digits)));
    if (values.size() < 2) {
      row.add(null);
      row.add(null);
    } else {
      BigInteger squares = BigInteger.ZERO;
      for (long value : values) {
        squares = squares.add(BigInteger.valueOf(value).multiply(n).subtract(sum).pow(2));
      }
      BigDecimal below = new BigDecimal(n.pow(2).multiply(n.subtract(BigInteger.ONE)));
      row.add(plain(new BigDecimal(squares).divide(below, digits)));
      row.add(plain(new BigDecimal(squares).divide(below, new MathContext(100)).sqrt(digits)));
    }
    for (int share : new int[] {0, 1, 250_000, 500_000, 999_999, 1_000_000}) {
      if (values.isEmpty()) {
        row.add(null);
        row.add(null);
        continue;
      }
      Long found = null;
      for (int i = 0; i < values.size() && found == null; i++) {
        found = (i + 1) * 1_000_000L >= (long) share * values.size() ? values.get(i) : null;
      }
      long quantile = found;
      long[] bin =
          ends.stream().filter(e -> quantile >= e[0] && quantile <= e[1]).findFirst().get();
      row.addAll(List.of("" + bin[0], "" + bin[1]));
    }
    return row;
  }

  private static String plain(BigDecimal value) {
    return value.signum() == 0 ? "0" : value.stripTrailingZeros().toPlainString();
  }

  private static List<Long> bins(Random random, long lower, long upper) {
    List<Long> bins = new ArrayList<>(List.of(lower));
    random.longs(random.nextInt(12), lower + 1, upper + 1).distinct().sorted().forEach(bins::add);
    return bins;
  }

  /** Values crowd at the ends of the bounds and of the bins. */
  private static List<Row> rows(Random random, int groups, List<Long> bins, long upper) {
    List<Row> rows = new ArrayList<>();
    int count = random.nextInt(60);
    for (int i = 0; i < count; i++) {
      long edge = bins.get(random.nextInt(bins.size()));
      Long value =
          switch (random.nextInt(6)) {
            case 0 -> null;
            case 1 -> upper;
            case 2 -> edge;
            case 3 -> Math.max(bins.getFirst(), edge - 1);
            default -> random.nextLong(bins.getFirst(), upper + 1);
          };
      rows.add(new Row(random.nextInt(groups), value));
    }
    return rows;
  }

  private static List<Row> inGroup(List<List<Row>> owners, int group) {
    return owners.stream().flatMap(List::stream).filter(r -> r.group == group).toList();
  }

  /** The widest bounds that four owners of sixty rows may have for a variance. */
  @ParameterizedTest
  @CsvSource({
    "0,9,40",
    "-5,-4,40",
    "-100000,100000,200",
    "-138500000,138500000,200",
    "3999999999999999,4000000000000000,20",
    "3999999900000000,4000000000000000,40",
    "-4000000000000000,-3999999900000000,40"
  })
  void rows_ofAnyOwners_areThoseOfAnotherWayToComputeThem(long lower, long upper, int runs) {
    Random random = new Random(lower ^ upper);
    for (int run = 0; run < runs; run++) {
      List<Long> bins = bins(random, lower, upper);
      int groups = 1 + random.nextInt(3);
      StatisticCells cells = StatisticCells.of(step(groups, ALL, upper, bins, 60, run % 2 == 0));
      List<List<Row>> owners = new ArrayList<>();
      for (int owner = 0; owner < 4; owner++) {
        owners.add(rows(random, groups, bins, upper));
      }
      List<List<String>> answer = answer(cells, owners);
      for (int g = 0; g < groups; g++) {
        assertEquals(oracle("k" + g, upper, bins, inGroup(owners, g)), answer.get(g));
      }
    }
  }

  /** What a sum of squares around zero in binary floating point makes zero, or worse. */
  @Test
  void variance_ofValuesFarFromZero_losesNothing() {
    StatisticCells cells =
        StatisticCells.of(
            step(1, List.of(figure(StatisticKind.VARIANCE, 0)), FAR, List.of(FAR - 10), 4, false));
    List<Row> rows = List.of(new Row(0, FAR), new Row(0, FAR - 1), new Row(0, FAR - 3));
    assertEquals("2.33333333333333333", answer(cells, List.of(rows)).getFirst().getLast());
  }

  /** Every row at the far end, as many as were published: the largest sums that there may be. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void squares_ofTheLargestData_stayWithin62Bits_andOneMoreIsRefusedWhenPlanned(boolean proved) {
    List<Plan.Statistic> spread = List.of(figure(StatisticKind.VARIANCE, 0));
    long reach = 33_950_000; // 4 x 1000 x reach^2 < 2^62
    StatisticCells cells = StatisticCells.of(step(1, spread, reach, List.of(-reach), 1000, proved));
    StatisticCells.Part part = cells.part();
    part.add(0, reach, 500);
    part.add(0, -reach, 500);
    long[] sum = Arrays.stream(part.vector()).map(cell -> 4 * cell).toArray();
    BigDecimal variance =
        BigDecimal.valueOf(reach)
            .pow(2)
            .multiply(BigDecimal.valueOf(4000))
            .divide(BigDecimal.valueOf(3999), new MathContext(18, RoundingMode.HALF_UP));
    assertEquals(plain(variance), cells.rows(sum, 4).getFirst().getLast());
    for (long wide : new long[] {33_960_000, 1L << 32, FAR}) {
      ProblemException refused =
          assertThrows(
              ProblemException.class,
              () -> StatisticCells.of(step(1, spread, wide, List.of(-wide), 1000, proved)));
      assertEquals(ErrorCode.INVALID_VALUE, refused.problem().code());
    }
  }

  // ---- one owner's rows

  @Test
  void add_outsideTheBoundsByOne_isRefused_andDoesNotSayWhich() {
    StatisticCells cells = StatisticCells.of(step(2, ALL, 9, List.of(-9L, 0L), 10, false));
    for (long value : new long[] {-10, 10, Long.MIN_VALUE, Long.MAX_VALUE}) {
      ProblemException refused =
          assertThrows(ProblemException.class, () -> cells.part().add(1, value, 1));
      assertEquals("sum.fen", refused.problem().at());
      assertEquals("a value outside", refused.problem().found());
    }
    cells.part().add(1, -9L, 1);
    cells.part().add(1, 9L, 1);
  }

  @Test
  void add_moreRowsThanWerePublished_isRefused() {
    StatisticCells.Part part = StatisticCells.of(step(2, ALL, 9, List.of(0L), 10, false)).part();
    part.add(0, 1L, 4);
    part.add(1, null, 6);
    assertEquals(
        ErrorCode.LIMIT_EXCEEDED,
        assertThrows(ProblemException.class, () -> part.add(1, null, 1)).problem().code());
  }

  @Test
  void vector_holdsWhatTheFiguresNeed_andNothingElse() {
    Map<StatisticKind, List<StatisticCells.Kind>> kinds = new TreeMap<>();
    for (StatisticKind kind : StatisticKind.values()) {
      kinds.put(
          kind,
          StatisticCells.of(step(2, List.of(figure(kind, 0)), 9, List.of(0L, 5L), 10, false))
              .kinds());
    }
    List<StatisticCells.Kind> bins = List.of(StatisticCells.Kind.BINS);
    assertEquals(
        Map.of(
            StatisticKind.ROWS, List.of(StatisticCells.Kind.ROWS),
            StatisticKind.COUNT, List.of(StatisticCells.Kind.COUNT),
            StatisticKind.SUM, List.of(StatisticCells.Kind.SUM),
            StatisticKind.MEAN, List.of(StatisticCells.Kind.COUNT, StatisticCells.Kind.SUM),
            StatisticKind.VARIANCE,
                List.of(
                    StatisticCells.Kind.COUNT,
                    StatisticCells.Kind.SUM,
                    StatisticCells.Kind.SQUARES),
            StatisticKind.STDDEV,
                List.of(
                    StatisticCells.Kind.COUNT,
                    StatisticCells.Kind.SUM,
                    StatisticCells.Kind.SQUARES),
            StatisticKind.QUANTILE, bins,
            StatisticKind.HISTOGRAM, bins),
        kinds);
  }

  @Test
  void ranges_areWhatTheRowsOfOneOwnerCanComeTo_andNoneWithoutProofs() {
    List<Plan.Statistic> figures =
        List.of(
            figure(StatisticKind.ROWS, 0),
            figure(StatisticKind.STDDEV, 0),
            figure(StatisticKind.QUANTILE, 0));
    List<Long> bins = List.of(-50L, 0L, 7L);
    assertEquals(
        List.of(
            new CellRange(2, 0, 60),
            new CellRange(2, 0, 60),
            new CellRange(2, -50 * 60, 100 * 60),
            new CellRange(2, 0, 75 * 75 * 60),
            new CellRange(6, 0, 60)),
        StatisticCells.of(step(2, figures, 100, bins, 60, true)).ranges());
    assertEquals(List.of(), StatisticCells.of(step(2, figures, 100, bins, 60, false)).ranges());
    assertEquals(
        List.of(new CellRange(1, 0, 12 * 60)),
        StatisticCells.of(step(1, List.of(figure(StatisticKind.SUM, 0)), 12, List.of(3L), 60, true))
            .ranges());
  }

  // ---- over both sums

  private long[] part(StatisticCells cells, PartyId party) {
    Random random = new Random(party.hashCode());
    return part(cells, rows(random, 2, List.of(-50L, 0L, 7L), 100));
  }

  private List<List<String>> expected(StatisticCells cells, List<PartyId> parties) {
    long[] sum = new long[cells.cells()];
    for (PartyId party : parties) {
      long[] part = part(cells, party);
      Arrays.setAll(sum, i -> sum[i] + part[i]);
    }
    return cells.rows(sum, parties.size());
  }

  private StatisticCells cells(boolean proved) {
    return StatisticCells.of(step(2, ALL, 100, List.of(-50L, 0L, 7L), 60, proved));
  }

  private PartyId opening() {
    return federation.roster.get(1);
  }

  private PartyId other() {
    return federation.roster.get(3);
  }

  private TwoAggregatorSettings settings(StatisticCells cells, String session) {
    return new TwoAggregatorSettings(
        Digest.of(session),
        federation.roster,
        opening(),
        other(),
        cells.cells(),
        3,
        true,
        cells.ranges());
  }

  private Object run(
      PartyId self, Map<PartyId, Channel> channels, TwoAggregatorSettings settings, long[] addend) {
    PartySigner signer = federation.signer(self);
    PartyVerifier verifier = federation.verifier();
    var random = Federation.random(self.hashCode());
    if (self.equals(opening())) {
      return new OpeningAggregator(settings, channels, signer, verifier, random).run(addend);
    }
    if (self.equals(other())) {
      return new OtherAggregator(settings, channels, signer, verifier, random).run(addend);
    }
    return new TwoAggregatorContributor(
            settings, channels.get(opening()), channels.get(other()), signer, verifier, random)
        .run(addend);
  }

  @Test
  void sum_masked_givesTheFiguresOfAllRows() {
    StatisticCells cells = cells(false);
    SecureSumSettings settings = federation.settings(cells.cells(), 3, false, false);
    Map<PartyId, Federation.End> ends =
        federation.run(
            HONEST,
            (self, channels) ->
                self.equals(federation.leader)
                    ? new SecureSumLeader(settings, channels, federation.verifier())
                        .run(part(cells, self))
                    : federation.member(self, settings, channels).run(part(cells, self)));
    SumOutcome outcome = assertInstanceOf(SumOutcome.class, ends.get(federation.leader).outcome());
    assertEquals(expected(cells, federation.roster), cells.rows(outcome.sum(), 4));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void sum_overTwoAggregators_givesTheFiguresOfAllRows(boolean proved) {
    StatisticCells cells = cells(proved);
    TwoAggregatorSettings settings = settings(cells, "a");
    Map<PartyId, Federation.End> ends =
        federation.runAll(
            HONEST, (self, channels) -> run(self, channels, settings, part(cells, self)));
    SumOutcome outcome = assertInstanceOf(SumOutcome.class, ends.get(opening()).outcome());
    assertEquals(expected(cells, federation.roster), cells.rows(outcome.sum(), 4));
  }

  /** A vector for other bins, other bounds, another round, roster or field meets nobody's. */
  @Test
  void sum_withAVectorThatIsNotThePlans_isRefused() {
    StatisticCells cells = cells(true);
    PartyId odd = federation.roster.get(0);
    StatisticCells moreBins =
        StatisticCells.of(step(2, ALL, 100, List.of(-50L, 0L, 7L, 8L), 60, true));
    StatisticCells otherBounds =
        StatisticCells.of(step(2, ALL, 101, List.of(-50L, 0L, 7L), 60, true));
    StatisticCells moreRows = StatisticCells.of(step(2, ALL, 100, List.of(-50L, 0L, 7L), 61, true));
    for (TwoAggregatorSettings different :
        List.of(
            settings(moreBins, "a"),
            settings(otherBounds, "a"),
            settings(moreRows, "a"),
            settings(cells(false), "a"),
            settings(cells, "b"),
            new TwoAggregatorSettings(
                Digest.of("a"),
                federation.roster.subList(0, 3),
                opening(),
                other(),
                cells.cells(),
                3,
                true,
                cells.ranges()))) {
      Map<PartyId, Federation.End> ends =
          federation.runAll(
              HONEST,
              (self, channels) ->
                  self.equals(odd)
                      ? run(self, channels, different, new long[different.length()])
                      : run(self, channels, settings(cells, "a"), part(cells, self)));
      assertNull(ends.get(odd).outcome());
      // the others go on without it
      SumOutcome outcome = assertInstanceOf(SumOutcome.class, ends.get(opening()).outcome());
      assertEquals(federation.roster.subList(1, 4), outcome.survivors());
    }
    for (int length : new int[] {cells.cells() - 1, cells.cells() + 1}) {
      SecureSumSettings settings = federation.settings(cells.cells(), 3, true, false);
      SecureSumSettings different = federation.settings(length, 3, true, false);
      Map<PartyId, Federation.End> ends =
          federation.run(
              HONEST,
              (self, channels) ->
                  self.equals(federation.leader)
                      ? new SecureSumLeader(settings, channels, federation.verifier())
                          .run(part(cells, self))
                      : federation
                          .member(self, self.equals(odd) ? different : settings, channels)
                          .run(new long[self.equals(odd) ? length : cells.cells()]));
      ends.values().forEach(end -> assertNull(end.outcome()));
    }
  }

  /** One element of a cell of each kind is no bit: the whole contribution is left out. */
  @Test
  void sum_withProofs_leavesOutAContributorWithACellOutOfItsRange() {
    StatisticCells cells = cells(true);
    TwoAggregatorSettings settings = settings(cells, "a");
    PartyId odd = federation.roster.get(0);
    int elements = CellRange.parameters(cells.ranges()).elements();
    for (int element = 0; element < elements; element += elements / 7) {
      int at = 3 * 32 + element * Long.BYTES; // behind parts and blind
      Map<PartyId, Federation.End> ends =
          federation.runAll(
              HONEST,
              (self, channels) -> {
                if (!self.equals(odd)) {
                  return run(self, channels, settings, part(cells, self));
                }
                Link toOpening = new Link(channels.get(opening()));
                Link toOther = new Link(channels.get(other()));
                byte[] context = settings.context();
                Offer first = Offer.receive(toOpening, context, federation.verifier());
                Offer second = Offer.receive(toOther, context, federation.verifier());
                Cut.Parts parts =
                    RangedSum.parts(
                        settings,
                        Offer.keysDigest(context, first, second),
                        self,
                        part(cells, self),
                        Federation.random(6));
                parts.opening()[at]++;
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
      SumOutcome outcome = assertInstanceOf(SumOutcome.class, ends.get(opening()).outcome());
      assertEquals(federation.roster.subList(1, 4), outcome.survivors());
      assertEquals(expected(cells, outcome.survivors()), cells.rows(outcome.sum(), 3));
    }
  }

  /** Under masks an owner may give any number; what no values have is not told as figures. */
  @Test
  void rows_ofASumThatNoValuesHave_areRefused() {
    StatisticCells cells = StatisticCells.of(step(1, ALL, 10, List.of(0L, 5L), 5, false));
    // rows, count, total, squares around 5, two bins: of 0, 0, 10, 7 and a row without a value
    long[] good = {5, 4, 17, 79, 2, 2};
    assertEquals("17", cells.rows(good, 1).getFirst().get(5));
    long[][] bad = {
      {6, 4, 17, 79, 2, 2}, // more rows than were published
      {3, 4, 17, 79, 2, 2},
      {-1, 4, 17, 79, 2, 2},
      {5, -1, 17, 79, 2, 2},
      {5, 4, 41, 79, 2, 2},
      {5, 4, -1, 79, 2, 2},
      {5, 4, 17, 101, 2, 2},
      {5, 4, 17, 2, 2, 2}, // four distances that add up to -3 have squares of 9 / 4 in all
      {5, 4, 17, 79, 3, 2},
      {5, 4, 17, 79, 5, -1},
      {5, 0, 0, 0, 0, 1},
    };
    for (long[] sum : bad) {
      ProblemException refused =
          assertThrows(
              ProblemException.class, () -> cells.rows(sum, 1), () -> Arrays.toString(sum));
      assertEquals(ErrorCode.PROTOCOL_VIOLATION, refused.problem().code());
    }
    StatisticCells mean =
        StatisticCells.of(
            step(1, List.of(figure(StatisticKind.MEAN, 0)), 10, List.of(-3L), 5, false));
    mean.rows(new long[] {4, -12}, 1);
    mean.rows(new long[] {4, 40}, 1);
    for (long[] sum : new long[][] {{4, -13}, {4, 41}, {0, 1}}) {
      assertThrows(ProblemException.class, () -> mean.rows(sum, 1), () -> Arrays.toString(sum));
    }
    // without a count: sums and bins have the published rows above them
    StatisticCells few =
        StatisticCells.of(
            step(
                1,
                List.of(figure(StatisticKind.SUM, 0), figure(StatisticKind.HISTOGRAM, 0)),
                10,
                List.of(0L, 5L),
                5,
                false));
    few.rows(new long[] {50, 2, 3}, 1);
    few.rows(new long[] {100, 2, 3}, 2);
    for (long[] sum : new long[][] {{51, 2, 3}, {-1, 2, 3}, {50, 2, 4}, {50, Long.MAX_VALUE, 1}}) {
      assertThrows(ProblemException.class, () -> few.rows(sum, 1), () -> Arrays.toString(sum));
    }
  }
}

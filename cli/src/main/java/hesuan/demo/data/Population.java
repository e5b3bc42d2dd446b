package hesuan.demo.data;

import hesuan.demo.data.Truth.Bounds;
import hesuan.demo.data.Truth.OrderFigures;
import hesuan.demo.data.Truth.Overlap;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;

/**
 * Two hundred thousand people and what three parties know of them, all from one seed. Who is where
 * follows one hidden liking for shopping and the city, so that the parties' people overlap more
 * than chance would have it, as they do in life.
 */
public final class Population {
  public static final int PEOPLE = 200_000;

  /** Skewed, as cities are; the public groups of the demo's jobs, in this order. */
  public static final List<String> CITIES = List.of("上海", "北京", "广州", "深圳", "杭州", "成都", "武汉", "西安");

  public static final List<String> STORES =
      IntStream.rangeClosed(1, 24).mapToObj("S%03d"::formatted).toList();

  /** Standardised: about zero, with a spread of about one. */
  public static final List<String> FEATURES =
      List.of(
          "recency",
          "visits",
          "spend",
          "coupon_share",
          "night_share",
          "app_minutes",
          "returns",
          "basket");

  public static final int DAYS = 92;

  /** What the platform's campaign showed. */
  public static final List<String> THEMES = List.of("秋装", "会员日");

  private static final int EXPOSED = 12_000;

  private static final double[] CITY_SHARES = {0.24, 0.20, 0.15, 0.13, 0.10, 0.08, 0.06, 0.04};

  /** A prefix that no operator serves to people, as far as we know: these numbers are nobody's. */
  private static final long FIRST_NUMBER = 16_300_000_000L;

  private static final long NUMBERS = 100_000_000L;
  private static final long NUMBER_STEP = 61_803_399L;

  /** What the label is made of: no party's own people show the weight of every feature. */
  private static final double[] WEIGHTS = {1.3, -1.1, 1.2, 0.9, -1.2, 1.1, -0.9, 1.0};

  /** The three parties, and how many people each product of theirs is about. */
  public enum Party {
    BRAND(20_000, 15_000, 3_000),
    MALL(40_000, 60_000, 6_000),
    PAY(30_000, 50_000, 5_000);

    final int known;
    final int buyers;
    final int learned;

    Party(int known, int buyers, int learned) {
      this.known = known;
      this.buyers = buyers;
      this.learned = learned;
    }

    public String text() {
      return switch (this) {
        case BRAND -> "brand";
        case MALL -> "mall";
        case PAY -> "pay";
      };
    }
  }

  /** Rows about people, column by column: who, in which city, how much, on which day. */
  public record Rows(int[] person, byte[] city, int[] amountFen, short[] day) {
    public int size() {
      return person.length;
    }
  }

  /** Rows to learn from: features row by row, and whether the person bought. */
  public record Examples(int[] person, float[] features, byte[] bought) {
    public int size() {
      return person.length;
    }
  }

  /** Whom the platform's campaign reached, by which theme and on which day, and whom it spared. */
  public record Exposures(int[] person, boolean[] treated, byte[] theme, short[] day) {
    public int size() {
      return person.length;
    }
  }

  private final long seed;
  private final byte[] home = new byte[PEOPLE];
  private final double[] liking = new double[PEOPLE];
  private final int[][] known = new int[3][];
  private final Rows[] records = new Rows[3];
  private final Rows[] orders = new Rows[3];
  private final Examples[] examples = new Examples[3];
  private final long[][] turnoverFen = new long[3][];
  private Exposures exposures =
      new Exposures(new int[0], new boolean[0], new byte[0], new short[0]);

  private Population(long seed) {
    this.seed = seed;
  }

  public static Population of(long seed) {
    Population population = new Population(seed);
    population.settle(population.random("homes"));
    for (Party party : Party.values()) {
      population.fill(party);
    }
    population.expose(population.random("campaign"));
    return population;
  }

  public long seed() {
    return seed;
  }

  /** The number as a clean system would store it. */
  public static String phone(int person) {
    return Long.toString(FIRST_NUMBER + person * NUMBER_STEP % NUMBERS);
  }

  /** Members of the brand, visits at the mall, users of the payment platform. */
  public Rows records(Party party) {
    return records[party.ordinal()];
  }

  public Rows orders(Party party) {
    return orders[party.ordinal()];
  }

  public Examples examples(Party party) {
    return examples[party.ordinal()];
  }

  public Exposures exposures() {
    return exposures;
  }

  /** By the place in {@link #STORES}. */
  public long[] turnoverFen(Party party) {
    return turnoverFen[party.ordinal()].clone();
  }

  /** The answers; what is unusable only the writer of the files knows. */
  public Truth truth(Bounds bounds, Map<String, Integer> unusableRows) {
    Map<String, Integer> idSets = new TreeMap<>();
    Map<String, Long> turnover = new TreeMap<>();
    for (Party party : Party.values()) {
      idSets.put(party.text(), known[party.ordinal()].length);
      for (int store = 0; store < STORES.size(); store++) {
        turnover.merge(STORES.get(store), turnoverFen[party.ordinal()][store], Long::sum);
      }
    }
    boolean[] atMall = members(Party.MALL);
    boolean[] atPay = members(Party.PAY);
    return new Truth(
        seed,
        PEOPLE,
        idSets,
        unusableRows,
        overlap(person -> atMall[person]),
        overlap(person -> atMall[person] && atPay[person]),
        figures(new Bounds(CITIES.size(), Integer.MAX_VALUE, 0, Integer.MAX_VALUE)),
        bounds,
        figures(bounds),
        turnover,
        lift());
  }

  private void settle(RandomGenerator random) {
    for (int person = 0; person < PEOPLE; person++) {
      home[person] = pick(CITY_SHARES, random);
      liking[person] = random.nextGaussian();
    }
  }

  private void fill(Party party) {
    int p = party.ordinal();
    double[] score = new double[PEOPLE];
    RandomGenerator random = random(party + " people");
    for (int person = 0; person < PEOPLE; person++) {
      double cityTaste = 0.5 * Math.cos(home[person] * 1.7 + p * 2.1);
      score[person] = 0.9 * liking[person] + cityTaste + random.nextGaussian();
    }
    Integer[] byScore = IntStream.range(0, PEOPLE).boxed().toArray(Integer[]::new);
    Arrays.sort(byScore, (a, b) -> Double.compare(score[b], score[a]));
    int[] ranked = Arrays.stream(byScore).mapToInt(Integer::intValue).toArray();
    known[p] = sample(ranked, party.known);
    records[p] = recordsOf(party, random(party + " records"));
    orders[p] = ordersOf(party, sample(ranked, party.buyers), random(party + " orders"));
    examples[p] = examplesOf(party, random(party + " examples"));
    turnoverFen[p] = turnoverOf(random(party + " stores"));
  }

  /** The first of a ranking, in the order of their numbers, so that no order tells the rank. */
  private static int[] sample(int[] ranked, int count) {
    int[] sample = Arrays.copyOf(ranked, count);
    Arrays.sort(sample);
    return sample;
  }

  /** One row per member or user and some twice; a mall sees the same person on several days. */
  private Rows recordsOf(Party party, RandomGenerator random) {
    RowList rows = new RowList();
    for (int person : known[party.ordinal()]) {
      int count =
          switch (party) {
            case BRAND -> random.nextDouble() < 0.17 ? 2 + random.nextInt(2) : 1;
            case MALL -> geometric(0.45, 12, random);
            case PAY -> random.nextDouble() < 0.03 ? 2 : 1;
          };
      for (int i = 0; i < count; i++) {
        rows.add(person, cityOf(person, i == 0 ? 0.02 : 0.06, random), amount(random), random);
      }
    }
    return rows.build();
  }

  private Rows ordersOf(Party party, int[] buyers, RandomGenerator random) {
    RowList rows = new RowList();
    double stop = party == Party.BRAND ? 0.5 : 0.42;
    for (int person : buyers) {
      int count = geometric(stop, 40, random);
      for (int i = 0; i < count; i++) {
        rows.add(person, cityOf(person, 0.04, random), amount(random), random);
      }
    }
    return rows.build();
  }

  /**
   * Every party has all features, yet among its own people most of them hardly vary and all are
   * shifted: what it can't see it can't learn, and together they see everything.
   */
  private Examples examplesOf(Party party, RandomGenerator random) {
    int width = FEATURES.size();
    int[] people = Arrays.copyOf(known[party.ordinal()], known[party.ordinal()].length);
    shuffle(people, random);
    people = Arrays.copyOf(people, party.learned);
    float[] features = new float[people.length * width];
    byte[] bought = new byte[people.length];
    for (int row = 0; row < people.length; row++) {
      double logit = -0.2;
      for (int j = 0; j < width; j++) {
        boolean isSeen = j % 3 == party.ordinal();
        double shift = 0.6 * Math.cos(1.3 * j + 2.4 * party.ordinal());
        double x = shift + random.nextGaussian() * (isSeen ? 1.3 : 0.04);
        features[row * width + j] = Math.round(x * 10_000) / 10_000f;
        logit += WEIGHTS[j] * x;
      }
      logit += 0.7 * features[row * width] * features[row * width + 3];
      bought[row] = (byte) (random.nextDouble() < 1 / (1 + Math.exp(-logit)) ? 1 : 0);
    }
    return new Examples(people, features, bought);
  }

  /** Buyers of the brand are more often among the treated: an effect, made up. */
  private void expose(RandomGenerator random) {
    int[] people = known[Party.PAY.ordinal()].clone();
    shuffle(people, random);
    people = sample(people, EXPOSED);
    boolean[] buyers = buyers();
    boolean[] treated = new boolean[people.length];
    byte[] theme = new byte[people.length];
    short[] day = new short[people.length];
    for (int i = 0; i < people.length; i++) {
      treated[i] = random.nextDouble() < (buyers[people[i]] ? 0.6 : 0.48);
      theme[i] = (byte) random.nextInt(THEMES.size());
      day[i] = (short) random.nextInt(DAYS);
    }
    exposures = new Exposures(people, treated, theme, day);
  }

  private boolean[] buyers() {
    boolean[] buyers = new boolean[PEOPLE];
    for (int person : orders(Party.BRAND).person()) {
      buyers[person] = true;
    }
    return buyers;
  }

  private Truth.Lift lift() {
    boolean[] buyers = buyers();
    long[] people = new long[2];
    long[] bought = new long[2];
    for (int i = 0; i < exposures.size(); i++) {
      int arm = exposures.treated[i] ? 0 : 1;
      people[arm]++;
      bought[arm] += buyers[exposures.person[i]] ? 1 : 0;
    }
    return new Truth.Lift(people[0], bought[0], people[1], bought[1]);
  }

  private static long[] turnoverOf(RandomGenerator random) {
    long[] turnover = new long[STORES.size()];
    for (int store = 0; store < turnover.length; store++) {
      turnover[store] = Math.round(Math.exp(16 + 0.8 * random.nextGaussian()));
    }
    return turnover;
  }

  private byte cityOf(int person, double away, RandomGenerator random) {
    return random.nextDouble() < away ? pick(CITY_SHARES, random) : home[person];
  }

  /** Mostly some hundred yuan, now and then a great deal more. */
  private static int amount(RandomGenerator random) {
    return (int) Math.min(20_000_000, Math.round(Math.exp(9.2 + random.nextGaussian())));
  }

  private Overlap overlap(IntPredicate others) {
    Map<Integer, Byte> cityOf = new TreeMap<>();
    Rows members = records(Party.BRAND);
    for (int row = 0; row < members.size(); row++) {
      if (others.test(members.person()[row])) {
        cityOf.merge(members.person()[row], members.city()[row], (a, b) -> a < b ? a : b);
      }
    }
    Map<String, Integer> byCity = new TreeMap<>();
    CITIES.forEach(city -> byCity.put(city, 0));
    cityOf.values().forEach(city -> byCity.merge(CITIES.get(city), 1, Integer::sum));
    return new Overlap(cityOf.size(), byCity);
  }

  private boolean[] members(Party party) {
    boolean[] members = new boolean[PEOPLE];
    for (int person : known[party.ordinal()]) {
      members[person] = true;
    }
    return members;
  }

  /** Expected over a uniform choice of the cities, and of the rows in them, that are kept. */
  private Map<String, OrderFigures> figures(Bounds bounds) {
    double[][] totals = new double[CITIES.size()][3];
    for (Party party : Party.values()) {
      Rows rows = orders(party);
      int from = 0;
      for (int row = 1; row <= rows.size(); row++) {
        if (row == rows.size() || rows.person()[row] != rows.person()[from]) {
          addPerson(rows, from, row, bounds, totals);
          from = row;
        }
      }
    }
    Map<String, OrderFigures> figures = new TreeMap<>();
    for (int city = 0; city < totals.length; city++) {
      double[] total = totals[city];
      figures.put(
          CITIES.get(city),
          new OrderFigures(Math.round(total[0]), Math.round(total[1]), Math.round(total[2])));
    }
    return figures;
  }

  private static void addPerson(Rows rows, int from, int to, Bounds bounds, double[][] totals) {
    int[] count = new int[totals.length];
    double[] sum = new double[totals.length];
    for (int row = from; row < to; row++) {
      int city = rows.city()[row];
      count[city]++;
      sum[city] += Math.clamp(rows.amountFen()[row], bounds.lowerFen(), bounds.upperFen());
    }
    long cities = Arrays.stream(count).filter(c -> c > 0).count();
    double kept = Math.min(1.0, bounds.maxGroups() / (double) cities);
    for (int city = 0; city < count.length; city++) {
      if (count[city] > 0) {
        double rowsKept = Math.min(1.0, bounds.maxRows() / (double) count[city]);
        totals[city][0] += kept * rowsKept * count[city];
        totals[city][1] += kept * rowsKept * sum[city];
        totals[city][2] += kept;
      }
    }
  }

  /** A generator of its own per purpose, so that one more draw here changes nothing there. */
  private RandomGenerator random(String purpose) {
    return RandomGeneratorFactory.of("L64X128MixRandom")
        .create(seed * 1_000_003L + purpose.hashCode());
  }

  private static byte pick(double[] shares, RandomGenerator random) {
    double at = random.nextDouble();
    byte i = 0;
    while (i < shares.length - 1 && at >= shares[i]) {
      at -= shares[i++];
    }
    return i;
  }

  private static int geometric(double stop, int most, RandomGenerator random) {
    int count = 1;
    while (count < most && random.nextDouble() >= stop) {
      count++;
    }
    return count;
  }

  private static void shuffle(int[] values, RandomGenerator random) {
    for (int i = values.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int held = values[i];
      values[i] = values[j];
      values[j] = held;
    }
  }

  private static final class RowList {
    private int[] person = new int[1 << 14];
    private byte[] city = new byte[1 << 14];
    private int[] amountFen = new int[1 << 14];
    private short[] day = new short[1 << 14];
    private int size;

    void add(int who, byte where, int howMuch, RandomGenerator random) {
      if (size == person.length) {
        person = Arrays.copyOf(person, 2 * size);
        city = Arrays.copyOf(city, 2 * size);
        amountFen = Arrays.copyOf(amountFen, 2 * size);
        day = Arrays.copyOf(day, 2 * size);
      }
      person[size] = who;
      city[size] = where;
      amountFen[size] = howMuch;
      day[size++] = (short) random.nextInt(DAYS);
    }

    Rows build() {
      return new Rows(
          Arrays.copyOf(person, size),
          Arrays.copyOf(city, size),
          Arrays.copyOf(amountFen, size),
          Arrays.copyOf(day, size));
    }
  }
}

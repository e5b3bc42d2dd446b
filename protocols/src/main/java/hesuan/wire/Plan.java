package hesuan.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What will run, typed and complete: every party compiles it from the job by itself and
 * countersigns its digest, so a coordinator that shows two parties two plans gets no signature.
 *
 * @param leader receives first, drives the steps, and delivers to the other receivers
 */
public record Plan(
    JobId job,
    Digest spec,
    ContractId contract,
    Digest contractDigest,
    String purpose,
    List<PartyId> parties,
    PartyId leader,
    List<ProductPin> products,
    List<Step> steps,
    List<ColumnUse> uses,
    List<Reveal> reveals,
    List<Charge> charges,
    List<Ask> asks,
    List<JobSpec.Output> outputs,
    int minGroup,
    int deadlineSeconds,
    int attempts,
    Estimate estimate) {

  /** The exact version of an input, by the digest of its published document. */
  public record ProductPin(ProductRef ref, Digest document, Digest fingerprint) {}

  /** One use of one column: the most that the plan does with it, and who gets what comes of it. */
  public record ColumnUse(
      ProductRef product, String column, Disclosure use, List<PartyId> receivers, String where) {
    public ColumnUse {
      receivers = List.copyOf(receivers);
    }
  }

  /** What a party learns, in plain words by code: {@code what} is explained in docs/protocols. */
  public record Reveal(PartyId to, String what) {}

  /**
   * What the plan costs one owner, stated twice; its budget adds up both ({@code docs/budget.md}).
   * The whole plan is (epsilon, delta)-private, and it is concentrated as said.
   *
   * @param concentrated null: as whatever is (epsilon, delta)-private is, half of epsilon squared
   *     but for delta
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Charge(
      ProductRef product,
      PartyId owner,
      String unit,
      Epsilon epsilon,
      String delta,
      @Nullable Concentrated concentrated) {

    public Charge(ProductRef product, PartyId owner, String unit, Epsilon epsilon, String delta) {
      this(product, owner, unit, epsilon, delta, null);
    }

    public Rho rho() {
      return concentrated == null ? Rho.of(epsilon) : concentrated.rho();
    }

    /** The probability with which {@link #rho} does not hold. */
    public String outside() {
      return concentrated == null ? delta : concentrated.outside();
    }
  }

  /**
   * Zero-concentrated privacy but for an event (Bun, Steinke 2016, definition 8.1).
   *
   * @param rho of Gaussian noise by its variance, of several parts their sum
   * @param outside probability of the event, a decimal; "0" for Gaussian noise, whose delta says
   *     only where epsilon ends
   */
  public record Concentrated(Rho rho, String outside) {}

  /**
   * Items of its own of which a receiver learns one by one whether they are in another's product:
   * the most that it may tell, padding included, and what the product's query budget is charged.
   */
  public record Ask(ProductRef product, PartyId by, long items) {}

  public record Estimate(long bytes, int seconds) {}

  /** A computation between the parties; closed, so that an engine can be asked for each. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Overlap.class, name = "overlap"),
    @JsonSubTypes.Type(value = Intersect.class, name = "intersect"),
    @JsonSubTypes.Type(value = IntersectAll.class, name = "intersectAll"),
    @JsonSubTypes.Type(value = JoinStatistics.class, name = "joinStatistics"),
    @JsonSubTypes.Type(value = JoinQuery.class, name = "joinQuery"),
    @JsonSubTypes.Type(value = SecureSum.class, name = "secureSum"),
    @JsonSubTypes.Type(value = DpQuery.class, name = "dpQuery"),
    @JsonSubTypes.Type(value = Train.class, name = "train")
  })
  public sealed interface Step {
    String name();
  }

  /**
   * How many people all the products share, in all or by the values of a column of the leader.
   *
   * @param by the leader's column, or null for one count
   * @param groups the public values that are counted; a person with another value is not
   */
  public record Overlap(
      String name,
      List<ProductRef> products,
      @Nullable String by,
      List<String> groups,
      Epsilon epsilon,
      String delta)
      implements Step {
    public Overlap {
      products = List.copyOf(products);
      groups = List.copyOf(groups);
    }
  }

  /**
   * Which people two products share. Identifiers stay with their owners: each receiver keeps a list
   * of its <em>own</em> people, so the leader, and the other owner where it receives too.
   *
   * @param sizeStep what an owner tells of its size is rounded up to a multiple of this
   * @param list in which file a receiver's list ends
   * @param bucketItems people of a bucket, the unit of memory and of resuming
   */
  public record Intersect(
      String name,
      List<ProductRef> products,
      Keep keep,
      IntersectEngine engine,
      int sizeStep,
      int bucketItems,
      ListFormat list)
      implements Step {
    public Intersect {
      products = List.copyOf(products);
    }
  }

  /**
   * Which people three to ten products all share, and nothing of what fewer share. Each receiver
   * keeps a list of its <em>own</em> people.
   *
   * @param products first the leader's, then the pivot's: these two must not collude, and the
   *     contract names them
   * @param sizeStep what an owner tells of its size is rounded up to a multiple of this
   * @param bucketItems people of a bucket
   * @param list in which file a receiver's list ends
   */
  public record IntersectAll(
      String name,
      List<ProductRef> products,
      IntersectEngine engine,
      int sizeStep,
      int bucketItems,
      ListFormat list)
      implements Step {
    public IntersectAll {
      products = List.copyOf(products);
    }

    public PartyId pivot() {
      return products.get(1).party();
    }
  }

  /** A file of one column. */
  public enum ListFormat {
    CSV,
    PARQUET
  }

  /** Which of its own people a receiver keeps. */
  public enum Keep {
    /** Those whom the other product has too. */
    SHARED,
    /** Those whom the other product lacks; for the leader alone. */
    MISSING
  }

  /** By which protocol two sets meet; docs/protocols has a page for each. */
  public enum IntersectEngine {
    /** Vector oblivious linear evaluation: fast, both parties follow the protocol. */
    VOLE,
    /** The same with checks against a party that does not. */
    VOLE_MALICIOUS,
    /** Diffie-Hellman: slow, few assumptions. */
    ECDH,
    /** A few of the leader's, who alone receives, asked of a large set that was prepared before. */
    UNBALANCED
  }

  /**
   * Figures of one owner's people who are with another, by groups of the other: neither learns who
   * they are.
   *
   * @param products first that of the groups, whose owner leads; then that of the figures
   * @param by the leader's column
   * @param groups its values that count; for a lift the treated, then the control group
   * @param value whose sum is asked for; null where people are only counted
   * @param window for an attribution
   * @param maxRows the most conversions of one person that count; 1 without a window
   * @param matches what the leader sees of their number
   * @param epsilonEach for each of {@link #parts}
   */
  public record JoinStatistics(
      String name,
      List<ProductRef> products,
      Measure measure,
      String by,
      List<String> groups,
      @Nullable Value value,
      @Nullable Window window,
      int maxRows,
      Matches matches,
      Epsilon epsilonEach,
      String delta)
      implements Step {
    public JoinStatistics {
      products = List.copyOf(products);
      groups = List.copyOf(groups);
    }

    /** How many, then how much, then the squares that a variance takes. */
    public int figures() {
      return value == null ? 1 : measure == Measure.STATISTICS ? 3 : 2;
    }

    /**
     * What is noised apart: matches where they are seen, each figure, and for a lift the sizes of
     * the groups.
     */
    public int parts() {
      return (matches == Matches.NOISED ? 1 : 0) + figures() + (measure == Measure.LIFT ? 1 : 0);
    }

    public Epsilon epsilon() {
      return new Epsilon(epsilonEach.micros() * parts());
    }
  }

  /** Which protocol joins; docs/protocols has a page for each. */
  public enum Matches {
    /** The leader sees a noised number of matches in each group: fast. */
    NOISED,
    /** Nobody sees anything of it. */
    HIDDEN
  }

  public enum Measure {
    /** Count, sum, average and variance in each group. */
    STATISTICS,
    /** How much more the treated did than the control group. */
    LIFT,
    /** What followed the last touch within a window. */
    ATTRIBUTION
  }

  /**
   * @param lower,upper clamp of what one person, or one person on one day, adds
   */
  public record Value(String column, long lower, long upper) {}

  /**
   * @param touched the leader's day
   * @param converted the other's day
   * @param days from a touch to the last conversion that counts for it
   */
  public record Window(String touched, String converted, int days) {}

  /**
   * Grouped figures over two owners' tables joined on the person ({@code docs/sql.md}): the groups
   * are of one owner's people, the figures are made of the other's rows, and neither learns who is
   * in both.
   *
   * @param products first that of the groups, whose owner leads; then that of the figures
   * @param groupRows DuckDB text that the leader runs on its rows: it gives {@code "@unit"} and the
   *     keys {@code "@k0", "@k1"...} as text
   * @param groupReads every use of a column of the leader's
   * @param figures what the other owner runs on its rows, and what is made of the sums; its keys
   *     and groups are those of the leader
   * @param matches what the leader sees of the number of people in both
   * @param matchesEpsilon for that; 0 where nothing is seen
   * @param delta for that
   */
  public record JoinQuery(
      String name,
      List<ProductRef> products,
      String groupRows,
      List<Read> groupReads,
      DpQuery figures,
      Matches matches,
      Epsilon matchesEpsilon,
      String delta)
      implements Step {
    public JoinQuery {
      products = List.copyOf(products);
      groupReads = List.copyOf(groupReads);
    }

    public Epsilon epsilon() {
      return figures.aggregates().stream()
          .map(Aggregate::epsilon)
          .reduce(matchesEpsilon, Epsilon::plus);
    }
  }

  /**
   * A vector of integers added over the products' owners, cell by cell, without noise: for figures
   * that are no personal data (stock, turnover of a store). {@code column} is summed by {@code by}
   * over the public keys, or statistics are made of it.
   *
   * @param by null with statistics over all rows
   * @param aggregators none: addends are masked, and their owners add them together. Two: each
   *     owner gives a part to either, the first opens the sum, and they must not collude
   * @param range in which each owner proves its figures to lie; null where none is asked for
   * @param statistics null where the column is summed
   */
  public record SecureSum(
      String name,
      List<ProductRef> products,
      String column,
      @Nullable String by,
      List<String> keys,
      boolean tolerateLoss,
      List<PartyId> aggregators,
      @Nullable Range range,
      @Nullable Statistics statistics)
      implements Step {
    public SecureSum {
      products = List.copyOf(products);
      keys = List.copyOf(keys);
      aggregators = List.copyOf(aggregators);
    }
  }

  /** Both ends included. */
  public record Range(long lower, long upper) {}

  /**
   * Exact figures of a column ({@code docs/protocols/statistics.md}).
   *
   * @param figures in the answer's order
   * @param lower,upper every value lies there, both ends included, or its owner refuses
   * @param bins where each bin of a histogram begins: it goes on to the next, the last to the upper
   *     end. None where no figure needs them
   * @param rowsMax most rows of one part, as their owners published
   * @param proved each owner proves that such rows may make up what it gives
   */
  public record Statistics(
      List<Statistic> figures,
      long lower,
      long upper,
      List<Long> bins,
      long rowsMax,
      boolean proved) {
    public Statistics {
      figures = List.copyOf(figures);
      bins = List.copyOf(bins);
    }
  }

  /**
   * @param as names it in the answer
   * @param shareMicros of a quantile, in millionths: 0 is the least value, a million the greatest
   */
  public record Statistic(StatisticKind kind, String as, int shareMicros) {}

  public enum StatisticKind {
    /** With a value or without. */
    ROWS,
    /** Rows with a value. */
    COUNT,
    SUM,
    MEAN,
    /** Of a sample. */
    VARIANCE,
    STDDEV,
    /** The bin in which it lies. */
    QUANTILE,
    /** How many values lie in each bin. */
    HISTOGRAM
  }

  /**
   * Grouped figures over one table held in parts ({@code docs/sql.md}): each part's rows are
   * bounded per person and summed in DuckDB, noised, and added by the secure sum; the outcome is
   * computed from the noised sums alone.
   *
   * @param rows DuckDB text that each owner runs on its part: it gives {@code "@unit"}, the keys
   *     {@code "@k0", "@k1"...} as text, and the values {@code "@v0", "@v1"...}
   * @param keys names of the group keys; empty without GROUP BY
   * @param groups the public groups, sorted, each with a value for every key; one empty group
   *     without GROUP BY; none where a selection finds them
   * @param selection how groups are found whose keys are private; else null
   * @param shared how the owners share the noise; null where each adds all of its own
   * @param aggregates what is summed and noised, in an order that does not depend on how the query
   *     is phrased
   * @param reads every use of a column, for the owners' rules
   * @param rowsMax most rows of one part, as their owners published
   * @param aggregators as those of a {@link SecureSum}
   */
  public record DpQuery(
      String name,
      List<ProductRef> products,
      String rows,
      List<String> keys,
      List<List<String>> groups,
      @Nullable Selection selection,
      @Nullable SharedNoise shared,
      List<Aggregate> aggregates,
      Outcome outcome,
      List<Read> reads,
      int maxGroups,
      int maxRows,
      long rowsMax,
      boolean tolerateLoss,
      List<PartyId> aggregators)
      implements Step {
    public DpQuery {
      products = List.copyOf(products);
      keys = List.copyOf(keys);
      groups = groups.stream().map(List::copyOf).toList();
      aggregates = List.copyOf(aggregates);
      reads = List.copyOf(reads);
      aggregators = List.copyOf(aggregators);
    }

    /** The same over groups that a selection found. */
    public DpQuery withGroups(List<List<String>> found) {
      return with(found, shared);
    }

    /** The same with noise that the owners share. */
    public DpQuery withNoise(SharedNoise noise) {
      return with(groups, noise);
    }

    private DpQuery with(List<List<String>> found, @Nullable SharedNoise noise) {
      return new DpQuery(
          name,
          products,
          rows,
          keys,
          found,
          selection,
          noise,
          aggregates,
          outcome,
          reads,
          maxGroups,
          maxRows,
          rowsMax,
          tolerateLoss,
          aggregators);
    }
  }

  /**
   * Groups that nobody declared: each owner selects among those of its own people, and what all
   * selected is what the query is asked over.
   *
   * @param epsilon for the selection, of every owner
   * @param delta the chance that a group is told which one person alone brought
   * @param peopleMin with fewer people at an owner, that owner never tells a group
   * @param groupsMax most groups that one owner tells
   * @param columns of which the keys are made: every owner and receiver learns values of them
   */
  public record Selection(
      Epsilon epsilon, String delta, int peopleMin, int groupsMax, List<String> columns) {
    public Selection {
      columns = List.copyOf(columns);
    }
  }

  /**
   * Gaussian noise of which each owner adds a share ({@code docs/protocols/dp-query.md}).
   *
   * @param unreliable how many of the owners may be missing or tell their shares to each other; the
   *     contract says so
   * @param delta with which all figures together keep the sum of their epsilons
   * @param rho what all figures together cost; each has a part in proportion to its epsilon
   */
  public record SharedNoise(int unreliable, String delta, Rho rho) {
    /** Whether each owner's share is the whole noise. */
    public boolean isWhole(int owners) {
      return owners - unreliable == 1;
    }
  }

  public enum AggregateKind {
    /** Rows, or those whose value is not NULL. */
    COUNT,
    COUNT_DISTINCT_UNIT,
    SUM,
    /** Sum of distances from the middle of the bounds ({@code hesuan.dp.Moments}). */
    SUM_CENTRED,
    /** Sum of the squares of those distances. */
    SUM_SQUARED,
    /**
     * Counts by intervals of several widths, a tree for each group, from which quantiles are read.
     */
    QUANTILES
  }

  /**
   * @param as names it within the step
   * @param of what is counted or summed, for people
   * @param value which of the values it is made of, null for counts of rows and people
   * @param decimals the value counts in units of {@code 10^-decimals}
   * @param lower,upper clamp of one value, in those units
   * @param epsilon its part of the job's epsilon; with shared noise the same part of rho
   */
  public record Aggregate(
      AggregateKind kind,
      String as,
      String of,
      @Nullable Integer value,
      int decimals,
      long lower,
      long upper,
      Epsilon epsilon) {}

  /**
   * What is made of the noised figures, and which groups are shown in which order.
   *
   * @param having null: every group
   * @param limit most rows; 0: all
   */
  public record Outcome(
      List<Column> columns, @Nullable Figure having, List<Order> order, int limit, int offset) {
    public Outcome {
      columns = List.copyOf(columns);
      order = List.copyOf(order);
    }
  }

  public record Column(String as, Figure figure) {}

  public record Order(Figure by, boolean descending) {}

  /** One use of a column by a query, and the expression that makes it. */
  public record Read(String column, Disclosure use, String where) {}

  /**
   * Federated averaging of a small network given as data.
   *
   * @param model layers and seed, read by the trainer ({@code docs/jobs.md}); never code
   * @param holdoutPercent of each part, by hash of the id, kept for evaluation
   */
  public record Train(
      String name,
      List<ProductRef> products,
      List<String> features,
      String label,
      JsonNode model,
      int rounds,
      int holdoutPercent)
      implements Step {
    public Train {
      products = List.copyOf(products);
      features = List.copyOf(features);
    }
  }

  public Plan {
    parties = List.copyOf(parties);
    products = List.copyOf(products);
    steps = List.copyOf(steps);
    uses = List.copyOf(uses);
    reveals = List.copyOf(reveals);
    charges = List.copyOf(charges);
    asks = List.copyOf(asks);
    outputs = List.copyOf(outputs);
  }

  public Digest digest() {
    return Digest.ofDocument(this);
  }
}

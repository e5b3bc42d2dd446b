package hesuan.wire;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A formula over the noised figures of one group: all that a query may do with an answer. Closed
 * and typed, so that every party reads in the plan what will be computed, and nothing in it can
 * reach a row.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Figure.Key.class, name = "key"),
  @JsonSubTypes.Type(value = Figure.Noised.class, name = "noised"),
  @JsonSubTypes.Type(value = Figure.Mean.class, name = "mean"),
  @JsonSubTypes.Type(value = Figure.Spread.class, name = "spread"),
  @JsonSubTypes.Type(value = Figure.Quantile.class, name = "quantile"),
  @JsonSubTypes.Type(value = Figure.Number.class, name = "number"),
  @JsonSubTypes.Type(value = Figure.Text.class, name = "text"),
  @JsonSubTypes.Type(value = Figure.Arithmetic.class, name = "arithmetic"),
  @JsonSubTypes.Type(value = Figure.Rounded.class, name = "rounded"),
  @JsonSubTypes.Type(value = Figure.Comparison.class, name = "comparison"),
  @JsonSubTypes.Type(value = Figure.All.class, name = "all"),
  @JsonSubTypes.Type(value = Figure.Any.class, name = "any"),
  @JsonSubTypes.Type(value = Figure.Not.class, name = "not")
})
public sealed interface Figure {
  /** The group's value of a key. */
  record Key(int key) implements Figure {}

  /** A noised sum or count as it is. */
  record Noised(int aggregate) implements Figure {}

  /** The middle of the bounds plus the mean distance from it. */
  record Mean(int centred, int count) implements Figure {}

  /**
   * Variance, or standard deviation, of a sample.
   *
   * @param root the standard deviation
   */
  record Spread(int centred, int squared, int count, boolean root) implements Figure {}

  /**
   * The least value below or at which this share of the values lies.
   *
   * @param shareMicros in millionths
   */
  record Quantile(int tree, long shareMicros) implements Figure {}

  /** A plain decimal. */
  record Number(String value) implements Figure {}

  record Text(String value) implements Figure {}

  record Arithmetic(Operator operator, Figure left, Figure right) implements Figure {}

  record Rounded(Figure figure, int decimals) implements Figure {}

  record Comparison(Relation relation, Figure left, Figure right) implements Figure {}

  record All(List<Figure> terms) implements Figure {
    public All {
      terms = List.copyOf(terms);
    }
  }

  record Any(List<Figure> terms) implements Figure {
    public Any {
      terms = List.copyOf(terms);
    }
  }

  record Not(Figure term) implements Figure {}

  enum Operator {
    @JsonProperty("plus")
    PLUS,
    @JsonProperty("minus")
    MINUS,
    @JsonProperty("times")
    TIMES,
    @JsonProperty("over")
    OVER
  }

  enum Relation {
    @JsonProperty("equal")
    EQUAL,
    @JsonProperty("less")
    LESS,
    @JsonProperty("lessOrEqual")
    LESS_OR_EQUAL
  }

  /** The noised figures that it is made of, each once. */
  static java.util.SortedSet<Integer> noised(@Nullable Figure figure) {
    java.util.SortedSet<Integer> found = new java.util.TreeSet<>();
    collect(figure, found);
    return found;
  }

  private static void collect(@Nullable Figure figure, java.util.Set<Integer> found) {
    switch (figure) {
      case null -> {}
      case Key _, Number _, Text _ -> {}
      case Noised(int aggregate) -> found.add(aggregate);
      case Mean(int centred, int count) -> found.addAll(List.of(centred, count));
      case Spread s -> found.addAll(java.util.Set.of(s.centred, s.squared, s.count));
      case Quantile(int tree, long _) -> found.add(tree);
      case Arithmetic(var _, Figure left, Figure right) -> {
        collect(left, found);
        collect(right, found);
      }
      case Rounded(Figure of, int _) -> collect(of, found);
      case Comparison(var _, Figure left, Figure right) -> {
        collect(left, found);
        collect(right, found);
      }
      case All(List<Figure> terms) -> terms.forEach(t -> collect(t, found));
      case Any(List<Figure> terms) -> terms.forEach(t -> collect(t, found));
      case Not(Figure term) -> collect(term, found);
    }
  }
}

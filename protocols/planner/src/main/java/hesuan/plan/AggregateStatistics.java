package hesuan.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.aggregate.StatisticCells;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobSpec;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Exact figures of a column over the parts of one table: counts, sum, mean, variance, and by the
 * bins of a histogram extremes and quantiles. For figures that are no personal data.
 */
final class AggregateStatistics implements Template {
  private static final Pattern FIGURE =
      Pattern.compile(
          "rows|count|sum|mean|variance|stddev|histogram|min|max|median|p(?!0$)(0|[1-9][0-9]?)(\\.[0-9]{0,3}[1-9])?");
  private static final String FIGURES =
      "rows, count, sum, mean, variance, stddev, histogram, min, max, median or a percentile such as p25 or p99.9";
  private static final int FIGURES_MAX = 20;
  private static final int BINS_MAX = 1000;
  private static final int SHARE_WHOLE_MICROS = 1_000_000;

  /** So that a histogram is a table which can be read, and a document of less than a megabyte. */
  private static final int BINS_SHOWN_MAX = 200;

  private static final int CELLS_SHOWN_MAX = 50_000;

  private static final String NONE = "none";
  private static final String RANGES = "ranges";

  @Override
  public String name() {
    return "aggregate.statistics";
  }

  @Override
  public String form() {
    return "aggregate";
  }

  @Override
  public ObjectNode parameters(Fields written) {
    Fields fields =
        written.only(
            "column",
            "by",
            "keys",
            "figures",
            "lower",
            "upper",
            "bins",
            "edges",
            "mode",
            "aggregators",
            "proofs");
    ObjectNode parameters = Fields.newObject();
    parameters.put("column", fields.textLike("column", AggregateSum.COLUMN, "a column"));
    int groups = 1;
    if (fields.has("by") || fields.has("keys")) {
      parameters.put("by", fields.textLike("by", AggregateSum.COLUMN, "a column"));
      List<String> keys = fields.distinctTexts("keys");
      keys.forEach(parameters.putArray("keys")::add);
      groups = keys.size();
    }
    List<String> figures = fields.distinctTexts("figures");
    if (figures.size() > FIGURES_MAX) {
      throw invalid(fields, "figures", "at most " + FIGURES_MAX, "" + figures.size());
    }
    for (int i = 0; i < figures.size(); i++) {
      if (!FIGURE.matcher(figures.get(i)).matches()) {
        throw invalid(fields, "figures[" + i + "]", FIGURES, figures.get(i));
      }
    }
    figures.forEach(parameters.putArray("figures")::add);
    bins(fields, figures, groups, parameters);
    String mode = AddingUp.mode(fields, parameters);
    String proofs = fields.oneOf("proofs", NONE, List.of(NONE, RANGES));
    if (proofs.equals(RANGES) && mode.equals(AddingUp.MASKED)) {
      throw invalid(
          fields,
          "proofs",
          "mode " + AddingUp.TWO_AGGREGATORS + ": under masks nobody can check a range",
          "mode " + mode);
    }
    parameters.put("proofs", proofs);
    return parameters;
  }

  private static ProblemException invalid(
      Fields fields, String name, String expected, String found) {
    return new ProblemException(ErrorCode.INVALID_VALUE, fields.path(name), expected, found);
  }

  /**
   * The bounds of a value, and the bins where a figure needs them: even ones, or by their edges.
   */
  private static void bins(Fields fields, List<String> figures, int groups, ObjectNode parameters) {
    boolean needed = figures.stream().anyMatch(f -> StatisticCells.needsBins(figure(f).kind()));
    int bins = 1;
    if (fields.has("edges")) {
      for (String name : List.of("lower", "upper", "bins")) {
        if (fields.has(name)) {
          throw invalid(fields, name, "nothing: the edges say it", name);
        }
      }
      List<Long> edges = edges(fields);
      ArrayNode written = parameters.putArray("edges");
      edges.forEach(edge -> written.add(AddingUp.number(edge)));
      bins = edges.size() - 1;
    } else {
      AddingUp.bounds(fields, parameters);
      if (needed) {
        long values = parameters.get("upper").longValue() - parameters.get("lower").longValue() + 1;
        bins = fields.integer("bins", 1, (int) Math.min(BINS_MAX, values));
        parameters.put("bins", bins);
      } else if (fields.has("bins")) {
        throw invalid(fields, "bins", "nothing: no figure needs a histogram", "bins");
      }
    }
    boolean shown = figures.contains("histogram");
    if (shown && (bins > BINS_SHOWN_MAX || bins * groups > CELLS_SHOWN_MAX)) {
      throw invalid(
          fields,
          "figures",
          "a histogram of at most %d bins, %d in all groups"
              .formatted(BINS_SHOWN_MAX, CELLS_SHOWN_MAX),
          bins + " bins, " + groups + " groups");
    }
  }

  private static List<Long> edges(Fields fields) {
    List<Long> edges =
        fields.list(
            "edges",
            (node, at) -> {
              if (!node.isNumber()) {
                throw new ProblemException(
                    ErrorCode.WRONG_TYPE, at, "a whole number", node.asText());
              }
              return AddingUp.whole(node.decimalValue(), at);
            });
    for (int i = 1; i < edges.size(); i++) {
      if (edges.get(i) <= edges.get(i - 1)) {
        throw invalid(
            fields, "edges[" + i + "]", "more than " + edges.get(i - 1), "" + edges.get(i));
      }
    }
    if (edges.size() < 2) {
      throw invalid(fields, "edges", "at least two", "" + edges.size());
    }
    return edges;
  }

  private static Plan.Statistic figure(String word) {
    return switch (word) {
      case "min" -> new Plan.Statistic(Plan.StatisticKind.QUANTILE, word, 0);
      case "median" ->
          new Plan.Statistic(Plan.StatisticKind.QUANTILE, word, SHARE_WHOLE_MICROS / 2);
      case "max" -> new Plan.Statistic(Plan.StatisticKind.QUANTILE, word, SHARE_WHOLE_MICROS);
      case String percentile when percentile.startsWith("p") ->
          new Plan.Statistic(
              Plan.StatisticKind.QUANTILE,
              percentile.replace('.', '_'),
              new BigDecimal(percentile.substring(1)).movePointRight(4).intValueExact());
      case String kind ->
          new Plan.Statistic(Plan.StatisticKind.valueOf(kind.toUpperCase(Locale.ROOT)), kind, 0);
    };
  }

  @Override
  public Plan.Step step(JobSpec job, Inputs inputs) {
    ObjectNode parameters = Planner.parametersOf(job);
    List<Product> parts = Inputs.ofDifferentOwners(inputs.onlyTable(), AddingUp.OWNERS_MIN);
    String column = parameters.get("column").textValue();
    Inputs.columnOfType(
        parts, column, "what.template.parameters.column", List.of(Product.ColumnType.INTEGER));
    String by = parameters.has("by") ? parameters.get("by").textValue() : null;
    if (by != null) {
      Inputs.columnOfType(
          parts, by, "what.template.parameters.by", List.of(Product.ColumnType.STRING));
    }
    Plan.SecureSum step =
        new Plan.SecureSum(
            "sum",
            Inputs.refs(parts),
            column,
            by,
            AddingUp.keys(parameters),
            Planner.toleratesLoss(job),
            AddingUp.aggregators(parameters),
            null,
            statistics(parameters, parts));
    namesNoColumn(StatisticCells.of(step), parts, column, by);
    return step;
  }

  private static Plan.Statistics statistics(ObjectNode parameters, List<Product> parts) {
    List<Plan.Statistic> figures =
        StreamSupport.stream(parameters.get("figures").spliterator(), false)
            .map(f -> figure(f.textValue()))
            .toList();
    List<Long> ends = ends(parameters);
    return new Plan.Statistics(
        figures,
        ends.getFirst(),
        ends.getLast(),
        figures.stream().anyMatch(f -> StatisticCells.needsBins(f.kind()))
            ? ends.subList(0, ends.size() - 1)
            : List.of(),
        parts.stream().mapToLong(Product::rows).max().orElse(0),
        parameters.get("proofs").textValue().equals(RANGES));
  }

  /** Where bins begin, and the upper end. */
  private static List<Long> ends(ObjectNode parameters) {
    List<Long> ends = new ArrayList<>();
    if (parameters.has("edges")) {
      for (JsonNode edge : parameters.get("edges")) {
        ends.add(edge.longValue());
      }
      return ends;
    }
    long lower = parameters.get("lower").longValue();
    long upper = parameters.get("upper").longValue();
    int bins = parameters.path("bins").asInt(1);
    for (int bin = 0; bin < bins; bin++) {
      ends.add(lower + (upper - lower + 1) / bins * bin + (upper - lower + 1) % bins * bin / bins);
    }
    ends.add(upper);
    return ends;
  }

  /** A column of an owner's leaves only as the plan uses it: policies go by its name. */
  private static void namesNoColumn(
      StatisticCells cells, List<Product> parts, String column, @Nullable String by) {
    for (StatisticCells.Column figure : cells.columns()) {
      String name = figure.name();
      if (!name.equals(by) && parts.stream().anyMatch(part -> part.column(name).isPresent())) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            "what.template.parameters.figures",
            "figures of " + column + " by names that no column has",
            name);
      }
    }
  }
}

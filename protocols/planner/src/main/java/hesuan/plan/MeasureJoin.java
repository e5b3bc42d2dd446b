package hesuan.plan;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobSpec;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import java.util.List;
import java.util.regex.Matcher;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Figures of one owner's people who are with another, by groups of the other: whom an advertisement
 * reached and what they bought. The owner of the groups leads and so must receive the answer.
 */
final class MeasureJoin implements Template {
  private static final int GROUPS_MAX = 64;
  private static final int VALUE_MAX = 1_000_000_000;
  private static final int WINDOW_DAYS_MAX = 90;
  private static final int ROWS_MAX = 1000;

  private static final String HIDDEN = "hidden";

  private final String name;
  private final Plan.Measure measure;

  MeasureJoin(String name, Plan.Measure measure) {
    this.name = name;
    this.measure = measure;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String form() {
    return "aggregate";
  }

  @Override
  public ObjectNode parameters(Fields written) {
    boolean windowed = measure == Plan.Measure.ATTRIBUTION;
    Fields fields =
        windowed
            ? written.only(
                "by",
                "groups",
                "touched",
                "converted",
                "windowDays",
                "value",
                "lower",
                "upper",
                "matches")
            : written.only("by", "groups", "value", "lower", "upper", "matches");
    ObjectNode parameters = Fields.newObject();
    parameters.put("by", column(fields, "by"));
    ArrayNode groups = parameters.putArray("groups");
    fields.distinctTexts("groups").forEach(groups::add);
    if (groups.size() > GROUPS_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          fields.path("groups"),
          "at most " + GROUPS_MAX,
          "" + groups.size());
    }
    if (measure == Plan.Measure.LIFT && groups.size() != 2) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          fields.path("groups"),
          "the treated, then the control group",
          groups.size() + " groups");
    }
    if (windowed) {
      parameters.put("touched", column(fields, "touched"));
      parameters.put("converted", column(fields, "converted"));
      parameters.put("windowDays", fields.integer("windowDays", 7, 0, WINDOW_DAYS_MAX));
    }
    if (fields.has("value")) {
      parameters.put("value", column(fields, "value"));
      int lower = fields.integer("lower", 0, -VALUE_MAX, VALUE_MAX);
      parameters.put("lower", lower);
      parameters.put("upper", fields.integer("upper", lower + 1, VALUE_MAX));
    } else if (fields.has("lower") || fields.has("upper")) {
      throw new ProblemException(
          ErrorCode.MISSING_FIELD,
          fields.path("value"),
          "the column that the bounds are for",
          "nothing");
    }
    parameters.put("matches", fields.oneOf("matches", "noised", List.of("noised", HIDDEN)));
    return parameters;
  }

  private static String column(Fields fields, String name) {
    return fields.textLike(name, AudienceOverlap.COLUMN, "alias.column");
  }

  @Override
  public Plan.Step step(JobSpec job, Inputs inputs) {
    ObjectNode parameters = Planner.parametersOf(job);
    List<Product> products = inputs.wholes();
    if (products.size() != 2) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "inputs", "two owners", "" + products.size());
    }
    Inputs.onePrivacyUnit(job, products, false);
    Product matched =
        named(inputs, parameters, "by", null, List.of(Product.ColumnType.STRING)).product;
    Inputs.mustReceive(job, matched.ref().party());
    Product valued = products.getFirst().equals(matched) ? products.getLast() : products.getFirst();
    Plan.Value value = null;
    if (parameters.has("value")) {
      Named column =
          named(inputs, parameters, "value", valued, List.of(Product.ColumnType.INTEGER));
      value =
          new Plan.Value(
              column.column,
              parameters.get("lower").longValue(),
              parameters.get("upper").longValue());
    }
    Plan.Window window = null;
    if (parameters.has("windowDays")) {
      List<Product.ColumnType> day = List.of(Product.ColumnType.DATE);
      window =
          new Plan.Window(
              named(inputs, parameters, "touched", matched, day).column,
              named(inputs, parameters, "converted", valued, day).column,
              parameters.get("windowDays").intValue());
    }
    if (job.privacy().maxRows() > (window == null ? 1 : ROWS_MAX)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "privacy.maxRows",
          window == null ? "1: a person counts once" : "at most " + ROWS_MAX,
          "" + job.privacy().maxRows());
    }
    List<String> groups =
        StreamSupport.stream(parameters.get("groups").spliterator(), false)
            .map(g -> g.textValue())
            .toList();
    Plan.JoinStatistics whole =
        step(job, matched, valued, parameters, groups, value, window, job.privacy().epsilon());
    Epsilon each = new Epsilon(job.privacy().epsilon().micros() / whole.parts());
    if (each.micros() == 0 && job.privacy().epsilon().micros() > 0) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "privacy.epsilon",
          "a millionth at least for each of " + whole.parts() + " parts",
          job.privacy().epsilon().toString());
    }
    return step(job, matched, valued, parameters, groups, value, window, each);
  }

  private Plan.JoinStatistics step(
      JobSpec job,
      Product matched,
      Product valued,
      ObjectNode parameters,
      List<String> groups,
      Plan.@Nullable Value value,
      Plan.@Nullable Window window,
      Epsilon each) {
    String by = parameters.get("by").textValue();
    Plan.Matches matches =
        parameters.get("matches").textValue().equals(HIDDEN)
            ? Plan.Matches.HIDDEN
            : Plan.Matches.NOISED;
    return new Plan.JoinStatistics(
        "join",
        Inputs.refs(List.of(matched, valued)),
        measure,
        by.substring(by.indexOf('.') + 1),
        groups,
        value,
        window,
        job.privacy().maxRows(),
        matches,
        each,
        switch (matches) {
          case NOISED -> job.privacy().delta();
          case HIDDEN -> "0";
        });
  }

  private record Named(Product product, String column) {}

  /** A column of one input, of the given product where one is given. */
  private static Named named(
      Inputs inputs,
      ObjectNode parameters,
      String parameter,
      @Nullable Product of,
      List<Product.ColumnType> types) {
    String at = "what.template.parameters." + parameter;
    Matcher name = AudienceOverlap.COLUMN.matcher(parameters.get(parameter).textValue());
    if (!name.matches()) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, at, "alias.column", "another text");
    }
    Product product = inputs.whole(name.group(1), at);
    if (of != null && !product.equals(of)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, at, "a column of " + of.ref(), "one of " + product.ref());
    }
    Inputs.columnOfType(List.of(product), name.group(2), at, types);
    return new Named(product, name.group(2));
  }
}

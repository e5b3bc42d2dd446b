package hesuan.plan;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NumericNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobSpec;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import java.math.BigDecimal;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/**
 * A column summed by a key over the parts of one table, exactly: for figures that are no personal
 * data. With fewer than three owners each would learn the other's figure, so three are asked for.
 */
final class AggregateSum implements Template {
  static final Pattern COLUMN = Pattern.compile("[A-Za-z_]\\w{0,62}");
  private static final int OWNERS_MIN = 3;

  /** So that the distance of two ends has no more than 53 bits. */
  private static final String FIGURE_MAX = "4000000000000000";

  private static final String MASKED = "masked";
  private static final String TWO_AGGREGATORS = "twoAggregators";

  @Override
  public String name() {
    return "aggregate.sum";
  }

  @Override
  public String form() {
    return "aggregate";
  }

  @Override
  public ObjectNode parameters(Fields written) {
    Fields fields = written.only("column", "by", "keys", "mode", "aggregators", "lower", "upper");
    ObjectNode parameters = Fields.newObject();
    parameters.put("column", fields.textLike("column", COLUMN, "a column"));
    parameters.put("by", fields.textLike("by", COLUMN, "a column"));
    ArrayNode keys = parameters.putArray("keys");
    fields.distinctTexts("keys").forEach(keys::add);
    String mode = fields.oneOf("mode", MASKED, List.of(MASKED, TWO_AGGREGATORS));
    parameters.put("mode", mode);
    if (mode.equals(TWO_AGGREGATORS)) {
      aggregators(fields).forEach(parameters.putArray("aggregators")::add);
    } else if (fields.has("aggregators")) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          fields.path("aggregators"),
          "nothing with mode " + MASKED,
          "aggregators");
    }
    if (fields.has("lower") || fields.has("upper")) {
      if (mode.equals(MASKED)) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            fields.path(fields.has("lower") ? "lower" : "upper"),
            "mode " + TWO_AGGREGATORS + ": under masks nobody can check a range",
            "mode " + MASKED);
      }
      Plan.Range range = range(fields);
      parameters.set("lower", number(range.lower()));
      parameters.set("upper", number(range.upper()));
    }
    return parameters;
  }

  private static Plan.Range range(Fields fields) {
    Plan.Range range = new Plan.Range(whole(fields, "lower"), whole(fields, "upper"));
    if (range.upper() <= range.lower()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          fields.path("upper"),
          "more than lower, " + range.lower(),
          "" + range.upper());
    }
    return range;
  }

  /** As a reader of the document would have it, so that copies are equal. */
  private static NumericNode number(long number) {
    return (int) number == number
        ? JsonNodeFactory.instance.numberNode((int) number)
        : JsonNodeFactory.instance.numberNode(number);
  }

  private static long whole(Fields fields, String name) {
    fields.required(name);
    BigDecimal number = fields.decimal(name, "0", "-" + FIGURE_MAX, FIGURE_MAX);
    try {
      return number.longValueExact();
    } catch (ArithmeticException e) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, fields.path(name), "a whole number", number.toPlainString());
    }
  }

  private static List<String> aggregators(Fields fields) {
    List<String> names = fields.distinctTexts("aggregators");
    if (names.size() != 2) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, fields.path("aggregators"), "two parties", "" + names.size());
    }
    for (int i = 0; i < names.size(); i++) {
      Fields.parsed(names.get(i), fields.path("aggregators") + "[" + i + "]", PartyId::new);
    }
    return names;
  }

  @Override
  public Plan.Step step(JobSpec job, Inputs inputs) {
    ObjectNode parameters = Planner.parametersOf(job);
    List<Product> parts = Inputs.ofDifferentOwners(inputs.onlyTable(), OWNERS_MIN);
    String column = parameters.get("column").textValue();
    String by = parameters.get("by").textValue();
    Inputs.columnOfType(
        parts, column, "what.template.parameters.column", List.of(Product.ColumnType.INTEGER));
    Inputs.columnOfType(
        parts, by, "what.template.parameters.by", List.of(Product.ColumnType.STRING));
    return new Plan.SecureSum(
        "sum",
        Inputs.refs(parts),
        column,
        by,
        StreamSupport.stream(parameters.get("keys").spliterator(), false)
            .map(k -> k.textValue())
            .toList(),
        Planner.toleratesLoss(job),
        StreamSupport.stream(parameters.path("aggregators").spliterator(), false)
            .map(a -> new PartyId(a.textValue()))
            .toList(),
        parameters.has("upper")
            ? new Plan.Range(
                parameters.get("lower").longValue(), parameters.get("upper").longValue())
            : null);
  }
}

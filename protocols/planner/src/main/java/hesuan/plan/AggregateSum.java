package hesuan.plan;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobSpec;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A column summed by a key over the parts of one table, exactly: for figures that are no personal
 * data.
 */
final class AggregateSum implements Template {
  static final Pattern COLUMN = Pattern.compile("[A-Za-z_]\\w{0,62}");

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
    String mode = AddingUp.mode(fields, parameters);
    if (fields.has("lower") || fields.has("upper")) {
      if (mode.equals(AddingUp.MASKED)) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            fields.path(fields.has("lower") ? "lower" : "upper"),
            "mode " + AddingUp.TWO_AGGREGATORS + ": under masks nobody can check a range",
            "mode " + AddingUp.MASKED);
      }
      AddingUp.bounds(fields, parameters);
    }
    return parameters;
  }

  @Override
  public Plan.Step step(JobSpec job, Inputs inputs) {
    ObjectNode parameters = Planner.parametersOf(job);
    List<Product> parts = Inputs.ofDifferentOwners(inputs.onlyTable(), AddingUp.OWNERS_MIN);
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
        AddingUp.keys(parameters),
        Planner.toleratesLoss(job),
        AddingUp.aggregators(parameters),
        parameters.has("upper")
            ? new Plan.Range(
                parameters.get("lower").longValue(), parameters.get("upper").longValue())
            : null,
        null);
  }
}

package hesuan.plan;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobSpec;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * How many people the inputs share, in all or by the values of one column. The owner of that column
 * leads the protocol and so must receive the answer.
 */
final class AudienceOverlap implements Template {
  static final Pattern COLUMN = Pattern.compile("([a-z][a-z0-9_]{0,39})\\.([A-Za-z_]\\w{0,62})");
  private static final int OWNERS_MAX = 8;

  @Override
  public String name() {
    return "audience.overlap";
  }

  @Override
  public String form() {
    return "aggregate";
  }

  @Override
  public ObjectNode parameters(Fields written) {
    Fields fields = written.only("by", "groups");
    ObjectNode parameters = Fields.newObject();
    if (fields.has("by")) {
      parameters.put("by", fields.textLike("by", COLUMN, "alias.column"));
      ArrayNode groups = parameters.putArray("groups");
      fields.distinctTexts("groups").forEach(groups::add);
    } else if (fields.has("groups")) {
      throw new ProblemException(
          ErrorCode.MISSING_FIELD, fields.path("by"), "the column of the groups", "nothing");
    }
    return parameters;
  }

  @Override
  public Plan.Step step(JobSpec job, Inputs inputs) {
    ObjectNode parameters = Planner.parametersOf(job);
    List<Product> products = inputs.wholes();
    if (products.size() > OWNERS_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "inputs",
          "at most " + OWNERS_MAX + " owners",
          "" + products.size());
    }
    Inputs.onePrivacyUnit(job, products, false);
    if (!parameters.has("by")) {
      return overlap(job, products, Inputs.leader(job, products), null, List.of());
    }
    String at = "what.template.parameters.by";
    Matcher by = COLUMN.matcher(parameters.get("by").textValue());
    if (!by.matches()) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, at, "alias.column", "another text");
    }
    Product grouped = inputs.whole(by.group(1), at);
    Inputs.columnOfType(List.of(grouped), by.group(2), at, List.of(Product.ColumnType.STRING));
    List<String> groups =
        StreamSupport.stream(parameters.get("groups").spliterator(), false)
            .map(g -> g.textValue())
            .toList();
    return overlap(job, products, grouped.ref().party(), by.group(2), groups);
  }

  /** The leader's product comes first, the others in the order of their names. */
  static Plan.Overlap overlap(
      JobSpec job,
      List<Product> products,
      PartyId leader,
      @Nullable String by,
      List<String> groups) {
    Inputs.mustReceive(job, leader);
    List<Product> ordered =
        products.stream()
            .sorted(
                (a, b) ->
                    Boolean.compare(b.ref().party().equals(leader), a.ref().party().equals(leader)))
            .toList();
    return new Plan.Overlap(
        "overlap",
        Inputs.refs(ordered),
        by,
        groups,
        job.privacy().epsilon(),
        job.privacy().delta());
  }
}

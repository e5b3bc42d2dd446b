package hesuan.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobSpec;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;

/**
 * A small network trained over the parts of one table by federated averaging. The model is data:
 * layers, learning rate, seed; nothing in it is run.
 */
final class LearnFederated implements Template {
  private static final Pattern COLUMN = AggregateSum.COLUMN;
  private static final int OWNERS_MIN = 3;
  private static final int UNITS_MAX = 1024;
  private static final int LAYERS_MAX = 8;
  private static final int FEATURES_MAX = 200;
  private static final List<String> ACTIVATIONS = List.of("relu", "tanh", "sigmoid", "identity");

  @Override
  public String name() {
    return "learn.federated";
  }

  @Override
  public String form() {
    return "model";
  }

  @Override
  public ObjectNode parameters(Fields written) {
    Fields fields = written.only("features", "label", "model", "rounds", "holdoutPercent");
    ObjectNode parameters = Fields.newObject();
    ArrayNode features = parameters.putArray("features");
    List<String> names = fields.distinctTexts("features");
    if (names.size() > FEATURES_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          fields.path("features"),
          "at most " + FEATURES_MAX,
          "" + names.size());
    }
    String label = fields.textLike("label", COLUMN, "a column");
    IntStream.range(0, names.size())
        .forEach(
            i -> {
              if (!COLUMN.matcher(names.get(i)).matches() || names.get(i).equals(label)) {
                throw new ProblemException(
                    ErrorCode.INVALID_VALUE,
                    fields.path("features") + "[" + i + "]",
                    "a column other than the label",
                    names.get(i));
              }
              features.add(names.get(i));
            });
    parameters.put("label", label);
    parameters.set(
        "model",
        model(fields.objectOrEmpty("model", "layers", "learningRate", "seed", "batch", "epochs")));
    parameters.put("rounds", fields.integer("rounds", 10, 1, 200));
    parameters.put("holdoutPercent", fields.integer("holdoutPercent", 20, 1, 50));
    return parameters;
  }

  private static ObjectNode model(Fields fields) {
    ObjectNode model = Fields.newObject();
    ArrayNode layers = model.putArray("layers");
    if (fields.has("layers")) {
      List<ObjectNode> written = fields.list("layers", LearnFederated::layer);
      if (written.size() > LAYERS_MAX) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            fields.path("layers"),
            "at most " + LAYERS_MAX,
            "" + written.size());
      }
      layers.addAll(written);
    } else {
      layers.addObject().put("units", 16).put("activation", "relu");
    }
    model.put(
        "learningRate", Fields.plain(fields.decimal("learningRate", "0.05", "0.000001", "10")));
    model.put("seed", fields.integer("seed", 7, 0, Integer.MAX_VALUE));
    model.put("batch", fields.integer("batch", 256, 1, 65_536));
    model.put("epochs", fields.integer("epochs", 1, 1, 100));
    return model;
  }

  private static ObjectNode layer(JsonNode node, String at) {
    Fields fields = Fields.of(node, at, "units", "activation");
    ObjectNode layer = Fields.newObject();
    layer.put("units", fields.integer("units", 1, UNITS_MAX));
    layer.put("activation", fields.oneOf("activation", "relu", ACTIVATIONS));
    return layer;
  }

  @Override
  public Plan.Step step(JobSpec job, Inputs inputs) {
    ObjectNode parameters = Planner.parametersOf(job);
    List<Product> parts = Inputs.ofDifferentOwners(inputs.onlyTable(), OWNERS_MIN);
    Inputs.onePrivacyUnit(job, parts, true);
    if (Planner.toleratesLoss(job)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "run.onPartyLoss",
          "fail: a round needs every party",
          "continue");
    }
    List<String> features =
        StreamSupport.stream(parameters.get("features").spliterator(), false)
            .map(f -> f.textValue())
            .toList();
    List<Product.ColumnType> numbers =
        List.of(Product.ColumnType.INTEGER, Product.ColumnType.DECIMAL);
    for (int i = 0; i < features.size(); i++) {
      Inputs.columnOfType(
          parts, features.get(i), "what.template.parameters.features[" + i + "]", numbers);
    }
    String label = parameters.get("label").textValue();
    Inputs.columnOfType(
        parts,
        label,
        "what.template.parameters.label",
        List.of(Product.ColumnType.INTEGER, Product.ColumnType.BOOLEAN));
    return new Plan.Train(
        "train",
        Inputs.refs(parts),
        features,
        label,
        parameters.get("model"),
        parameters.get("rounds").intValue(),
        parameters.get("holdoutPercent").intValue());
  }
}

package hesuan.agent.step;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.agent.data.OwnProducts;
import hesuan.agent.data.OwnRows;
import hesuan.learn.Examples;
import hesuan.learn.FederatedAveragingLeader;
import hesuan.learn.FederatedAveragingMember;
import hesuan.learn.FixedPoint;
import hesuan.learn.LearningSettings;
import hesuan.learn.TrainedModel;
import hesuan.learn.Trainer;
import hesuan.source.NumericTable;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@link Plan.Train}: federated averaging through the secure sum, measured on held-out people. */
final class TrainStep {
  private static final Logger LOG = LoggerFactory.getLogger(TrainStep.class);
  private static final int COHORT_MIN = 3;

  private final OwnProducts own;
  private final Signatures signatures;
  private final Optional<Trainer> trainer;
  private final SecureRandom random;

  TrainStep(
      OwnProducts own, Signatures signatures, Optional<Trainer> trainer, SecureRandom random) {
    this.own = own;
    this.signatures = signatures;
    this.trainer = trainer;
    this.random = random;
  }

  StepResult run(Plan.Train step, StepContext context) {
    Trainer.Model model =
        trainer
            .orElseThrow(
                () ->
                    new ProblemException(
                        ErrorCode.ENVIRONMENT,
                        context.self().value(),
                        "an agent with a trainer",
                        "none"))
            .open(step.model(), step.features().size());
    NumericTable table = table(step);
    Examples training = examples(table, step, false);
    Examples heldOut = examples(table, step, true);
    LearningSettings settings =
        new LearningSettings(
            context.session(step.name()),
            context.plan().parties(),
            context.plan().leader(),
            step.rounds(),
            COHORT_MIN,
            false,
            FixedPoint.DELTAS);
    if (!context.leads()) {
      TrainedModel trained =
          new FederatedAveragingMember(
                  settings, context.leader(step.name()), signatures, signatures, random)
              .run(model, training, heldOut);
      return new StepResult(Digest.ofDocument(trained.transcripts()), null);
    }
    TrainedModel trained =
        new FederatedAveragingLeader(settings, context.others(step.name()), signatures)
            .run(
                model,
                training,
                heldOut,
                point ->
                    LOG.info("round {}: AUC {}", point.round(), figure(point.heldOut().auc())));
    return new StepResult(Digest.ofDocument(trained.transcripts()), output(step, trained));
  }

  private NumericTable table(Plan.Train step) {
    try (OwnRows rows = own.open(step.products()).orElseThrow()) {
      NumericTable table = rows.numbers(step.features(), step.label());
      rows.requireUntouched();
      return table;
    }
  }

  private static Examples examples(NumericTable table, Plan.Train step, boolean heldOut) {
    int[] chosen =
        IntStream.range(0, table.rows())
            .filter(row -> table.isHeldOut(row, step.holdoutPercent()) == heldOut)
            .toArray();
    return new Examples(
            Arrays.copyOf(table.features(), table.rows() * table.width()),
            Arrays.copyOf(table.labels(), table.rows()),
            table.width())
        .rows(chosen);
  }

  private static Output output(Plan.Train step, TrainedModel trained) {
    List<String> columns = List.of("round", "auc", "accuracy", "logLoss");
    ObjectNode body = Json.mapper().createObjectNode();
    columns.forEach(body.putArray("columns")::add);
    ArrayNode rows = body.putArray("rows");
    for (TrainedModel.Round point : trained.curve()) {
      rows.addArray()
          .add(point.round())
          .add(figure(point.heldOut().auc()))
          .add(figure(point.heldOut().accuracy()))
          .add(figure(point.heldOut().logLoss()));
    }
    body.put("form", "model").put("suppressed", 0);
    trained.parties().forEach(p -> body.withArray("contributors").add(p.value()));
    ObjectNode model = body.putObject("model");
    model.set("description", step.model());
    model.set("features", Json.node(step.features()));
    model.put("label", step.label());
    model.put("digest", trained.digest().hex());
    model.put("parameters", base64(trained.parameters()));
    return new Output(columns, rows.size(), 0, body);
  }

  /** Big-endian floats. */
  private static String base64(float[] parameters) {
    ByteBuffer bytes = ByteBuffer.allocate(parameters.length * Float.BYTES);
    bytes.asFloatBuffer().put(parameters);
    return Base64.getEncoder().encodeToString(bytes.array());
  }

  /** Four digits: documents hold decimals as text. */
  private static String figure(double value) {
    return BigDecimal.valueOf(value).setScale(4, RoundingMode.HALF_EVEN).toPlainString();
  }
}

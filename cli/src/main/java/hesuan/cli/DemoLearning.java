package hesuan.cli;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.learn.Evaluation;
import hesuan.learn.Examples;
import hesuan.learn.Trainer;
import hesuan.source.NumericTable;
import hesuan.source.ReadLimits;
import hesuan.source.SourceReader;
import hesuan.wire.IdRule;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.IntStream;

/**
 * What the demo compares federated learning with: it may look at everybody's rows, nobody else may.
 */
final class DemoLearning {
  /**
   * @param pooled AUC of the same network trained on all rows together
   * @param bestSingle the best of those trained by one party alone
   */
  record Reference(double pooled, double bestSingle) {}

  private DemoLearning() {}

  static Reference reference(Path data, JsonNode model, int rounds, int holdoutPercent)
      throws SQLException {
    List<String> features = new ArrayList<>();
    model.path("features").forEach(f -> features.add(f.asText()));
    String label = model.path("label").asText();
    List<Examples> training = new ArrayList<>();
    List<Examples> heldOut = new ArrayList<>();
    for (String party : Demo.PARTIES) {
      try (SourceReader reader =
              SourceReader.open(
                  DemoProducts.source(party, "features", data),
                  hesuan.source.Profile.of(
                          DemoProducts.source(party, "features", data),
                          new hesuan.wire.Product.Id("phone", IdRule.PHONE_CN),
                          ReadLimits.in(data.resolve("tmp")))
                      .productColumns(),
                  ReadLimits.in(data.resolve("tmp")));
          Connection connection = reader.connection()) {
        NumericTable table =
            NumericTable.read(connection, "phone", IdRule.PHONE_CN, features, label);
        training.add(part(table, holdoutPercent, false));
        heldOut.add(part(table, holdoutPercent, true));
      }
    }
    Trainer.Model network =
        ServiceLoader.load(Trainer.class)
            .findFirst()
            .orElseThrow()
            .open(model.path("description"), features.size());
    Examples test = Examples.concat(heldOut.toArray(Examples[]::new));
    double best = 0;
    for (Examples part : training) {
      best = Math.max(best, auc(network, part, test, rounds));
    }
    double pooled = auc(network, Examples.concat(training.toArray(Examples[]::new)), test, rounds);
    return new Reference(pooled, best);
  }

  private static Examples part(NumericTable table, int holdoutPercent, boolean heldOut) {
    int[] rows =
        IntStream.range(0, table.rows())
            .filter(row -> table.isHeldOut(row, holdoutPercent) == heldOut)
            .toArray();
    return new Examples(
            Arrays.copyOf(table.features(), table.rows() * table.width()),
            Arrays.copyOf(table.labels(), table.rows()),
            table.width())
        .rows(rows);
  }

  private static double auc(Trainer.Model network, Examples training, Examples test, int rounds) {
    float[] parameters = network.initial();
    for (int round = 0; round < rounds; round++) {
      parameters = network.train(parameters, training, round);
    }
    return Evaluation.metrics(Evaluation.count(network.scores(parameters, test), test.labels()), 0)
        .auc();
  }
}

package hesuan.learn.dl4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.aggregate.PartySigner;
import hesuan.aggregate.PartyVerifier;
import hesuan.channel.Channel;
import hesuan.channel.MemoryChannel;
import hesuan.learn.Evaluation;
import hesuan.learn.Examples;
import hesuan.learn.FederatedAveragingLeader;
import hesuan.learn.FederatedAveragingMember;
import hesuan.learn.FixedPoint;
import hesuan.learn.LearningSettings;
import hesuan.learn.TrainedModel;
import hesuan.learn.Trainer;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Dl4jTrainerTest {
  private static final int WIDTH = 4;
  private static final int ROUNDS = 10;
  private static final List<PartyId> ROSTER =
      List.of(new PartyId("brand"), new PartyId("mall"), new PartyId("pay"));

  private static Trainer.Model open(String model) {
    return new Dl4jTrainer().open(Json.tree(model.getBytes(StandardCharsets.UTF_8)), WIDTH);
  }

  private static Trainer.Model network() {
    return open(
        """
        {"layers": [{"units": 16, "activation": "relu"}, {"units": 8, "activation": "tanh"}],
         "learningRate": "0.5", "seed": 7, "batch": 100, "epochs": 2}
        """);
  }

  /** Label 1 inside a ring, which no line separates; each party sees one side of the plane. */
  private static Examples rows(int party, int count, long seed) {
    Random random = new Random(seed);
    float[] features = new float[count * WIDTH];
    float[] labels = new float[count];
    for (int row = 0; row < count; row++) {
      double angle = (party + random.nextDouble()) * 2 * Math.PI / 3;
      double radius = 2 * Math.sqrt(random.nextDouble());
      features[row * WIDTH] = (float) (radius * Math.cos(angle));
      features[row * WIDTH + 1] = (float) (radius * Math.sin(angle));
      features[row * WIDTH + 2] = (float) random.nextGaussian();
      features[row * WIDTH + 3] = (float) random.nextGaussian();
      // The rim differs from side to side, so that one side does not tell the others.
      double rim = 0.8 + 0.4 * Math.cos(angle);
      labels[row] = radius > rim != random.nextDouble() < 0.05 ? 1 : 0;
    }
    return new Examples(features, labels, WIDTH);
  }

  private static double auc(Trainer.Model model, float[] parameters, Examples heldOut) {
    return Evaluation.metrics(
            Evaluation.count(model.scores(parameters, heldOut), heldOut.labels()), 0)
        .auc();
  }

  @Test
  void federated_overUnlikeParties_nearPooled_andBetterThanTheBestSingle() throws Exception {
    TrainedModel trained = federated();
    Trainer.Model model = network();
    Examples[] parts = {rows(0, 600, 1), rows(1, 600, 2), rows(2, 600, 3)};
    Examples heldOut = Examples.concat(rows(0, 400, 11), rows(1, 400, 12), rows(2, 400, 13));
    float[] pooled = model.initial();
    Examples all = Examples.concat(parts);
    for (int round = 0; round < ROUNDS; round++) {
      pooled = model.train(pooled, all, round);
    }
    double bestSingle = 0;
    for (Examples part : parts) {
      float[] single = model.initial();
      for (int round = 0; round < ROUNDS; round++) {
        single = model.train(single, part, round);
      }
      bestSingle = Math.max(bestSingle, auc(model, single, heldOut));
    }
    double together = auc(model, trained.parameters(), heldOut);
    double pooledAuc = auc(model, pooled, heldOut);
    String figures =
        "federated %.4f, pooled %.4f, best single %.4f".formatted(together, pooledAuc, bestSingle);
    assertTrue(together > pooledAuc - 0.03, figures);
    assertTrue(together > bestSingle + 0.02, figures);
    assertEquals(together, trained.curve().getLast().heldOut().auc(), 1e-9);
    assertTrue(together > trained.curve().getFirst().heldOut().auc() + 0.1, figures);
  }

  private static TrainedModel federated() throws Exception {
    LearningSettings settings =
        new LearningSettings(
            Digest.of("job"), ROSTER, ROSTER.get(0), ROUNDS, 3, false, FixedPoint.DELTAS);
    Map<PartyId, Channel> members = new TreeMap<>();
    // Signatures are tested where the sum is; here a digest stands for one.
    PartyVerifier verifier =
        (party, message, signature) -> MessageDigest.isEqual(sign(party, message), signature);
    List<Future<TrainedModel>> ends = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 1; i < ROSTER.size(); i++) {
        int party = i;
        MemoryChannel[] pair = MemoryChannel.pair(ROSTER.get(0), ROSTER.get(i));
        members.put(ROSTER.get(i), pair[0]);
        PartySigner signer = message -> sign(ROSTER.get(party), message);
        ends.add(
            threads.submit(
                () ->
                    new FederatedAveragingMember(
                            settings, pair[1], signer, verifier, new SecureRandom())
                        .run(
                            network(), rows(party, 600, 1 + party), rows(party, 400, 11 + party))));
      }
      TrainedModel trained =
          new FederatedAveragingLeader(settings, members, verifier)
              .run(network(), rows(0, 600, 1), rows(0, 400, 11), point -> {});
      for (Future<TrainedModel> end : ends) {
        assertEquals(trained.digest(), end.get().digest());
      }
      return trained;
    }
  }

  private static byte[] sign(PartyId party, byte[] message) {
    MessageDigest digest = Digest.sha256();
    digest.update(party.value().getBytes(StandardCharsets.UTF_8));
    return digest.digest(message);
  }

  @Test
  void train_twice_givesTheSameBits_andLeavesItsArgumentsAlone() {
    Examples rows = rows(0, 500, 5);
    Trainer.Model first = network();
    Trainer.Model second = network();
    float[] start = first.initial();
    assertArrayEquals(start, second.initial());
    assertEquals(first.parameterCount(), start.length);
    float[] once = first.train(start, rows, 1);
    first.scores(once, rows);
    assertArrayEquals(first.initial(), start);
    assertArrayEquals(once, second.train(start, rows, 1));
    assertArrayEquals(once, first.train(start, rows, 1));
  }

  @Test
  void serviceLoader_findsIt() {
    List<String> names =
        ServiceLoader.load(Trainer.class).stream().map(found -> found.get().name()).toList();
    assertEquals(List.of("dl4j"), names);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '|',
      value = {
        "UNKNOWN_FIELD; optimizer; {'layers':[],'learningRate':'0.1','seed':1,'batch':1,'epochs':1,'optimizer':'adam'}",
        "MISSING_FIELD; seed; {'layers':[],'learningRate':'0.1','batch':1,'epochs':1}",
        "INVALID_VALUE; model.learningRate; {'layers':[],'learningRate':'-1','seed':1,'batch':1,'epochs':1}",
        "WRONG_TYPE; learningRate; {'layers':[],'learningRate':0.1,'seed':1,'batch':1,'epochs':1}",
        "INVALID_VALUE; model.batch; {'layers':[],'learningRate':'0.1','seed':1,'batch':0,'epochs':1}",
        "INVALID_VALUE; model.epochs; {'layers':[],'learningRate':'0.1','seed':1,'batch':1,'epochs':1000}",
        "INVALID_VALUE; model.layers[0].units; {'layers':[{'units':100000,'activation':'relu'}],'learningRate':'0.1','seed':1,'batch':1,'epochs':1}",
        "WRONG_TYPE; activation; {'layers':[{'units':4,'activation':'java.lang.Runtime'}],'learningRate':'0.1','seed':1,'batch':1,'epochs':1}"
      })
  void open_badModel_isRefusedNamingTheField(ErrorCode code, String at, String model) {
    ProblemException refused =
        assertThrows(ProblemException.class, () -> open(model.replace('\'', '"')));
    assertEquals(code, refused.problem().code());
    assertTrue(refused.problem().sentence(false).contains(at), refused.getMessage());
  }
}

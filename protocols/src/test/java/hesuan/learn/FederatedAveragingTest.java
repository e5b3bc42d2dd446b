package hesuan.learn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.aggregate.Federation;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FederatedAveragingTest {
  private static final int WIDTH = 6;
  private static final Federation.Wire HONEST = (from, to, body) -> body;

  /**
   * Rows of one law of the label, but of a part of the feature space of each party's own: it can
   * learn the weight only of what varies there.
   */
  private static Examples rows(int party, int rows, long seed) {
    Random random = new Random(seed);
    double[] weights = {2, -1.5, 1, -2, 1.5, -1};
    float[] features = new float[rows * WIDTH];
    float[] labels = new float[rows];
    for (int row = 0; row < rows; row++) {
      double z = 0;
      for (int f = 0; f < WIDTH; f++) {
        double spread = f / 2 == party ? 1.5 : 0;
        features[row * WIDTH + f] = (float) (random.nextGaussian() * spread);
        z += weights[f] * features[row * WIDTH + f];
      }
      labels[row] = random.nextDouble() < 1 / (1 + Math.exp(-z)) ? 1 : 0;
    }
    return new Examples(features, labels, WIDTH);
  }

  private static Trainer.Model model() {
    return new LogisticTrainer()
        .open(Json.tree("{}".getBytes(java.nio.charset.StandardCharsets.UTF_8)), WIDTH);
  }

  private static LearningSettings settings(Federation federation, boolean tolerateLoss) {
    return new LearningSettings(
        Digest.of("job/train/1"),
        federation.roster,
        federation.leader,
        30,
        3,
        tolerateLoss,
        FixedPoint.DELTAS);
  }

  private static Map<PartyId, Federation.End> train(
      Federation federation, LearningSettings settings, Federation.Wire wire) {
    return federation.run(
        wire,
        (self, channels) -> {
          int party = federation.roster.indexOf(self);
          Examples training = rows(party % 3, 600, party);
          Examples heldOut = rows(party % 3, 300, 100 + party);
          return self.equals(federation.leader)
              ? new FederatedAveragingLeader(settings, channels, federation.verifier())
                  .run(model(), training, heldOut, point -> {})
              : new FederatedAveragingMember(
                      settings,
                      channels.get(federation.leader),
                      federation.signer(self),
                      federation.verifier(),
                      Federation.random(party))
                  .run(model(), training, heldOut);
        });
  }

  private static Evaluation.Metrics measure(float[] parameters, Examples heldOut) {
    return Evaluation.metrics(
        Evaluation.count(model().scores(parameters, heldOut), heldOut.labels()), 0);
  }

  @Test
  void run_unlikeParties_nearPooledTraining_andBetterThanAnyAlone() {
    Federation federation = new Federation(3);
    Map<PartyId, Federation.End> ends = train(federation, settings(federation, false), HONEST);
    TrainedModel trained =
        assertInstanceOf(TrainedModel.class, ends.get(federation.leader).outcome());
    Examples heldOut = Examples.concat(rows(0, 300, 100), rows(1, 300, 101), rows(2, 300, 102));
    float[] pooled = model().initial();
    Examples all = Examples.concat(rows(0, 600, 0), rows(1, 600, 1), rows(2, 600, 2));
    float[][] alone = {model().initial(), model().initial(), model().initial()};
    for (int round = 0; round < 30; round++) {
      pooled = model().train(pooled, all, round);
      for (int party = 0; party < 3; party++) {
        alone[party] = model().train(alone[party], rows(party, 600, party), round);
      }
    }
    double together = trained.curve().getLast().heldOut().auc();
    assertTrue(together > measure(pooled, heldOut).auc() - 0.01, "federated " + together);
    for (float[] single : alone) {
      assertTrue(together > measure(single, heldOut).auc() + 0.05);
    }
    // The summed counts say what pooling everyone's held-out rows would.
    assertEquals(measure(trained.parameters(), heldOut), trained.curve().getLast().heldOut());
    assertEquals(31, trained.curve().size());
    assertEquals(0.5, trained.curve().getFirst().heldOut().auc());
    assertEquals(0, trained.curve().getFirst().clipped());
    ends.forEach(
        (party, end) -> {
          TrainedModel same = assertInstanceOf(TrainedModel.class, end.outcome());
          assertArrayEquals(trained.parameters(), same.parameters());
          assertEquals(trained.transcripts(), same.transcripts());
        });
  }

  @Test
  void run_leaderSendsOneMemberOtherParameters_isRefusedByAll() {
    Federation federation = new Federation(3);
    PartyId victim = federation.roster.get(0);
    Map<PartyId, Federation.End> ends =
        train(
            federation,
            settings(federation, false),
            (from, to, body) -> {
              if (to.equals(victim) && body[0] == 1 && body.length == 41) {
                float[] other = new float[WIDTH + 1];
                other[0] = 1;
                ByteBuffer.wrap(body).position(9).put(Parameters.digest(other).bytes());
              } else if (to.equals(victim)
                  && body[0] == 2
                  && body.length == 1 + (WIDTH + 1) * Float.BYTES) {
                Arrays.fill(body, 1, body.length, (byte) 0);
                ByteBuffer.wrap(body).position(1).putFloat(1);
              }
              return body;
            });
    ends.forEach((party, end) -> assertEquals(ErrorCode.PROTOCOL_VIOLATION, end.problem()));
  }

  @Test
  void run_memberLostOnTheWay_theOthersGoOn_orAllStop() {
    Federation federation = new Federation(5);
    PartyId gone = federation.roster.get(0);
    int[] vectors = {0};
    Federation.Wire wire =
        (from, to, body) -> from.equals(gone) && body[0] == 5 && ++vectors[0] == 10 ? null : body;
    Map<PartyId, Federation.End> ends = train(federation, settings(federation, true), wire);
    TrainedModel trained =
        assertInstanceOf(TrainedModel.class, ends.get(federation.leader).outcome());
    assertEquals(federation.roster.subList(1, 5), trained.parties());
    assertEquals(5, trained.curve().get(8).parties());
    assertEquals(4, trained.curve().get(9).parties());
    assertTrue(trained.curve().getLast().heldOut().auc() > 0.7);

    vectors[0] = 0;
    ends = train(federation, settings(federation, false), wire);
    for (PartyId party : federation.roster.subList(1, 5)) {
      assertEquals(ErrorCode.PEER_SILENT, ends.get(party).problem());
    }
  }

  @Test
  void run_memberWithoutRows_everyoneIsToldWhy() {
    Federation federation = new Federation(3);
    LearningSettings settings = settings(federation, false);
    Map<PartyId, Federation.End> ends =
        federation.run(
            HONEST,
            (self, channels) -> {
              int party = federation.roster.indexOf(self);
              Examples training = rows(party, party == 0 ? 0 : 50, party);
              return self.equals(federation.leader)
                  ? new FederatedAveragingLeader(settings, channels, federation.verifier())
                      .run(model(), training, training, point -> {})
                  : new FederatedAveragingMember(
                          settings,
                          channels.get(federation.leader),
                          federation.signer(self),
                          federation.verifier(),
                          Federation.random(party))
                      .run(model(), training, training);
            });
    ends.forEach((party, end) -> assertEquals(ErrorCode.SOURCE_EMPTY, end.problem()));
  }

  @Test
  void fixedPoint_roundsClipsAndRefuses() {
    FixedPoint fixed = FixedPoint.DELTAS;
    for (float value : new float[] {0, 1, -1, 0.3f, -7.99f, 1e-5f}) {
      assertEquals(value, fixed.mean(3 * fixed.quantise(value), 3), 1.0 / (1 << 24));
    }
    assertEquals(fixed.quantise(8), fixed.quantise(1e9f));
    assertEquals(fixed.quantise(-8), fixed.quantise(-1e9f));
    assertTrue(fixed.clips(8.5f) && !fixed.clips(8));
    for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      assertThrows(ProblemException.class, () -> fixed.quantise(value));
    }
    assertThrows(ProblemException.class, () -> new FixedPoint(40, 8));
  }

  @Test
  void metrics_ofSummedCounts_areThoseOfPooledRows_andNearTheExactAuc() {
    Examples rows = rows(0, 2000, 9);
    float[] parameters = {1, -1, 0.5f, 0, 0, 0, 0.1f};
    float[] scores = model().scores(parameters, rows);
    long[] split = new long[Evaluation.CELLS];
    for (int half = 0; half < 2; half++) {
      long[] counts =
          Evaluation.count(
              Arrays.copyOfRange(scores, half * 1000, half * 1000 + 1000),
              Arrays.copyOfRange(rows.labels(), half * 1000, half * 1000 + 1000));
      for (int i = 0; i < split.length; i++) {
        split[i] += counts[i];
      }
    }
    Evaluation.Metrics metrics = Evaluation.metrics(split, 0);
    assertEquals(measure(parameters, rows), metrics);
    double won = 0;
    double pairs = 0;
    for (int p = 0; p < scores.length; p++) {
      for (int n = 0; n < scores.length; n++) {
        if (rows.labels()[p] == 1 && rows.labels()[n] == 0) {
          pairs++;
          won += scores[p] > scores[n] ? 1 : scores[p] == scores[n] ? 0.5 : 0;
        }
      }
    }
    assertEquals(won / pairs, metrics.auc(), 0.002);
    assertThrows(IllegalArgumentException.class, () -> new Examples(new float[3], new float[2], 2));
    assertEquals(List.of(0.5, 0.0, 0.0), empty());
  }

  private static List<Double> empty() {
    Evaluation.Metrics none = Evaluation.metrics(new long[Evaluation.CELLS], 0);
    return List.of(none.auc(), none.accuracy(), none.logLoss());
  }
}

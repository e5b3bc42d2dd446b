package hesuan.learn;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Logistic regression by full gradient steps: a small real trainer, so that tests need no library.
 */
final class LogisticTrainer implements Trainer {
  @Override
  public String name() {
    return "logistic";
  }

  @Override
  public Model open(JsonNode model, int features) {
    return new Logistic(features, (float) model.path("rate").asDouble(0.5), 5);
  }

  record Logistic(int features, float rate, int steps) implements Model {
    @Override
    public int parameterCount() {
      return features + 1;
    }

    @Override
    public float[] initial() {
      return new float[parameterCount()];
    }

    @Override
    public float[] train(float[] parameters, Examples examples, int round) {
      float[] trained = parameters.clone();
      for (int step = 0; step < steps; step++) {
        float[] scores = scores(trained, examples);
        double[] gradient = new double[trained.length];
        for (int row = 0; row < examples.rows(); row++) {
          double off = scores[row] - examples.labels()[row];
          for (int f = 0; f < features; f++) {
            gradient[f] += off * examples.features()[row * features + f];
          }
          gradient[features] += off;
        }
        for (int i = 0; i < trained.length; i++) {
          trained[i] -= (float) (rate * gradient[i] / examples.rows());
        }
      }
      return trained;
    }

    @Override
    public float[] scores(float[] parameters, Examples examples) {
      float[] scores = new float[examples.rows()];
      for (int row = 0; row < scores.length; row++) {
        double z = parameters[features];
        for (int f = 0; f < features; f++) {
          z += parameters[f] * examples.features()[row * features + f];
        }
        scores[row] = (float) (1 / (1 + Math.exp(-z)));
      }
      return scores;
    }
  }
}

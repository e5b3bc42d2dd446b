package hesuan.learn.dl4j;

import hesuan.learn.Examples;
import hesuan.learn.Trainer;
import java.util.Arrays;
import java.util.Random;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** One network, into which parameters are put before each use and out of which they are copied. */
final class Dl4jModel implements Trainer.Model {
  private static final int SCORED_ROWS = 8192;

  private final NetworkDescription description;
  private final MultiLayerNetwork network;
  private final float[] initial;

  Dl4jModel(NetworkDescription description, int features) {
    this.description = description;
    NeuralNetConfiguration.ListBuilder layers =
        new NeuralNetConfiguration.Builder()
            .seed(description.seed())
            .dataType(DataType.FLOAT)
            .weightInit(WeightInit.XAVIER)
            .updater(new Sgd(description.learningRateValue()))
            .list();
    int inputs = features;
    for (NetworkDescription.Layer layer : description.layers()) {
      layers.layer(
          new DenseLayer.Builder()
              .nIn(inputs)
              .nOut(layer.units())
              .activation(activation(layer.activation()))
              .build());
      inputs = layer.units();
    }
    layers.layer(
        new OutputLayer.Builder(LossFunctions.LossFunction.XENT)
            .nIn(inputs)
            .nOut(1)
            .activation(Activation.SIGMOID)
            .build());
    network = new MultiLayerNetwork(layers.build());
    network.init();
    initial = parameters();
  }

  @Override
  public int parameterCount() {
    return initial.length;
  }

  @Override
  public float[] initial() {
    return initial.clone();
  }

  @Override
  public float[] train(float[] parameters, Examples examples, int round) {
    put(parameters);
    Random random = new Random(31 * description.seed() + round);
    int[] order = new int[examples.rows()];
    Arrays.setAll(order, i -> i);
    for (int epoch = 0; epoch < description.epochs(); epoch++) {
      shuffle(order, random);
      for (int start = 0; start < order.length; start += description.batch()) {
        int end = Math.min(order.length, start + description.batch());
        Examples batch = examples.rows(Arrays.copyOfRange(order, start, end));
        try (INDArray features = matrix(batch.features(), batch.width());
            INDArray labels = matrix(batch.labels(), 1)) {
          network.fit(features, labels);
        }
      }
    }
    return parameters();
  }

  @Override
  public float[] scores(float[] parameters, Examples examples) {
    put(parameters);
    float[] scores = new float[examples.rows()];
    int width = examples.width();
    for (int start = 0; start < scores.length; start += SCORED_ROWS) {
      int end = Math.min(scores.length, start + SCORED_ROWS);
      try (INDArray features =
              matrix(Arrays.copyOfRange(examples.features(), start * width, end * width), width);
          INDArray output = network.output(features, false)) {
        float[] part = output.reshape(end - start).toFloatVector();
        System.arraycopy(part, 0, scores, start, part.length);
      }
    }
    return scores;
  }

  private void put(float[] parameters) {
    INDArray own = network.params(); // a view: what is assigned to it is what trains
    own.assign(Nd4j.createFromArray(parameters).reshape(own.shape()));
  }

  private float[] parameters() {
    INDArray own = network.params();
    return own.reshape(own.length()).toFloatVector();
  }

  private static INDArray matrix(float[] values, int width) {
    return Nd4j.createFromArray(values).reshape('c', values.length / width, width);
  }

  private static Activation activation(NetworkDescription.Activation activation) {
    return switch (activation) {
      case RELU -> Activation.RELU;
      case TANH -> Activation.TANH;
      case SIGMOID -> Activation.SIGMOID;
    };
  }

  private static void shuffle(int[] order, Random random) {
    for (int i = order.length - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      int kept = order[i];
      order[i] = order[other];
      order[other] = kept;
    }
  }
}

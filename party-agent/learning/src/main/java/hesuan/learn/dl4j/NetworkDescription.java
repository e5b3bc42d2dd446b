package hesuan.learn.dl4j;

import com.fasterxml.jackson.annotation.JsonProperty;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.math.BigDecimal;
import java.util.List;

/**
 * A network as a job gives it: data only, every field required, everything from an allow-list.
 *
 * @param layers hidden layers; none makes it a logistic regression
 * @param learningRate of plain gradient descent, a decimal such as {@code "0.05"}; optimisers with
 *     a state of their own are not offered, because the state would not be averaged
 * @param seed of the first parameters and of the order of rows
 * @param batch rows of one step
 * @param epochs passes over a party's rows in one round
 */
record NetworkDescription(
    List<Layer> layers, String learningRate, long seed, int batch, int epochs) {
  private static final int LAYERS_MAX = 8;
  private static final int UNITS_MAX = 1024;
  private static final int BATCH_MAX = 65_536;
  private static final int EPOCHS_MAX = 100;
  private static final BigDecimal LEARNING_RATE_MAX = BigDecimal.TEN;

  record Layer(int units, Activation activation) {}

  enum Activation {
    @JsonProperty("relu")
    RELU,
    @JsonProperty("tanh")
    TANH,
    @JsonProperty("sigmoid")
    SIGMOID
  }

  NetworkDescription {
    layers = List.copyOf(layers);
    range("model.layers", layers.size(), 0, LAYERS_MAX);
    for (int i = 0; i < layers.size(); i++) {
      range("model.layers[" + i + "].units", layers.get(i).units(), 1, UNITS_MAX);
    }
    decimal(learningRate);
    range("model.batch", batch, 1, BATCH_MAX);
    range("model.epochs", epochs, 1, EPOCHS_MAX);
  }

  double learningRateValue() {
    return decimal(learningRate).doubleValue();
  }

  private static BigDecimal decimal(String text) {
    try {
      BigDecimal value = new BigDecimal(text);
      if (value.signum() > 0 && value.compareTo(LEARNING_RATE_MAX) <= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new ProblemException(
        ErrorCode.INVALID_VALUE,
        "model.learningRate",
        "a decimal above 0, at most " + LEARNING_RATE_MAX,
        text);
  }

  private static void range(String at, int value, int min, int max) {
    if (value < min || value > max) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, at, min + " to " + max, "" + value);
    }
  }
}

package hesuan.learn;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Makes models of their description. Agents find implementations with {@link
 * java.util.ServiceLoader}, so that one that never learns carries no library for it.
 */
public interface Trainer {
  String name();

  /**
   * Reads and checks a description; it is data and never code.
   *
   * @param features values of a row
   * @throws hesuan.wire.ProblemException naming the field that is unknown, missing or not allowed
   */
  Model open(JsonNode model, int features);

  /**
   * A classifier of two classes whose parameters come and go as one flat vector. Every method gives
   * the same result for the same arguments on the same machine. For one thread.
   */
  interface Model {
    int parameterCount();

    /** The same at every party, from the seed of the description. */
    float[] initial();

    /** Where training from {@code parameters} over these rows leads; arguments stay as they are. */
    float[] train(float[] parameters, Examples examples, int round);

    /** Each row's probability of label 1. */
    float[] scores(float[] parameters, Examples examples);
  }
}

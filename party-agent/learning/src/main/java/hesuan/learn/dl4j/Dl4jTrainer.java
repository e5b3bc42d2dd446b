package hesuan.learn.dl4j;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.learn.Trainer;
import hesuan.wire.Json;
import org.nd4j.linalg.factory.Nd4j;

/** Feed-forward classifiers of two classes. Found by {@link java.util.ServiceLoader}. */
public final class Dl4jTrainer implements Trainer {
  @Override
  public String name() {
    return "dl4j";
  }

  @Override
  public Model open(JsonNode model, int features) {
    NetworkDescription description = Json.read(model, NetworkDescription.class);
    // One thread: sums of floats in another order are other sums, and a retry must repeat itself.
    Nd4j.getEnvironment().setMaxMasterThreads(1);
    return new Dl4jModel(description, features);
  }
}

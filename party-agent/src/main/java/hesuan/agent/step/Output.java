package hesuan.agent.step;

import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.wire.Digest;
import java.util.List;

/**
 * What the leader holds when the steps are done.
 *
 * @param columns names of what is in it; with {@code rows} and {@code suppressed} this is the shape
 *     that policies judge: never a value
 * @param suppressed how many groups were too small
 * @param body the result as receivers will read it
 */
public record Output(List<String> columns, int rows, int suppressed, ObjectNode body) {
  public Output {
    columns = List.copyOf(columns);
  }

  public Digest digest() {
    return Digest.ofDocument(body);
  }
}

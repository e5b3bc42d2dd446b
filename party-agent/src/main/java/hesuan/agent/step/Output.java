package hesuan.agent.step;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.wire.Digest;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the leader holds when the steps are done.
 *
 * @param columns names of what is in it; with {@code rows} and {@code suppressed} this is the shape
 *     that policies judge: never a value
 * @param suppressed how many groups were too small
 * @param body the result as receivers will read it
 */
public record Output(List<String> columns, int rows, int suppressed, ObjectNode body) {
  private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,15}");

  public Output {
    columns = List.copyOf(columns);
  }

  /** Documents carry integers within 2^53; other numbers are decimals in text. */
  static void add(ArrayNode row, @Nullable String cell, boolean number) {
    if (number && cell != null && INTEGER.matcher(cell).matches()) {
      row.add(Long.parseLong(cell));
    } else {
      row.add(cell);
    }
  }

  public Digest digest() {
    return Digest.ofDocument(body);
  }
}

package hesuan.store;

import hesuan.wire.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The tables of one owner: SQL files beside a class, in the order in which they are applied. A file
 * that has been released never changes; a change is a new file at the end of the list.
 *
 * @param name whose tables these are; several schemas may live in one database
 * @param anchor the class beside which the files lie on the class path
 */
public record Schema(String name, Class<?> anchor, List<String> files) {
  record Step(int version, String file, String sql, Digest digest) {}

  public Schema {
    files = List.copyOf(files);
  }

  Step step(int index) {
    String file = files.get(index);
    try (InputStream in = anchor.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException(file + " is not beside " + anchor.getName());
      }
      byte[] bytes = in.readAllBytes();
      return new Step(index + 1, file, new String(bytes, StandardCharsets.UTF_8), Digest.of(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

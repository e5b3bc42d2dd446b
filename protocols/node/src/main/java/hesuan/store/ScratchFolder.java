package hesuan.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder inside a home for what lives no longer than its process. A process may be killed, so the
 * next one of the home clears it.
 */
public final class ScratchFolder {
  /**
   * Where the launcher lets libraries unpack what is to be loaded (java.io.tmpdir): DuckDB's has 56
   * MB.
   */
  public static final String UNPACKED = "unpacked";

  private ScratchFolder() {}

  /** Removes what a process that was killed left there; to call once the home is this process's. */
  public static void clear(Path folder) {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> left = Files.walk(folder)) {
      List<Path> all = left.filter(each -> !each.equals(folder)).toList();
      for (Path each : all.stream().sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(each);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

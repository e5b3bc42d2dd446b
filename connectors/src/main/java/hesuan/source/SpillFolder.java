package hesuan.source;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Where readers spill, inside the agent's home. */
public final class SpillFolder {
  private SpillFolder() {}

  /** Removes what a process that was killed left there; to call before anything reads. */
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

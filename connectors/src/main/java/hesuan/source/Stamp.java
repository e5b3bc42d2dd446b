package hesuan.source;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a source looks from outside, which changes when somebody writes it: cheap to look at, though
 * no proof of sameness.
 */
public sealed interface Stamp {
  /**
   * @param key the file system's own, where it has one
   */
  record OfFile(long bytes, FileTime modified, @Nullable Object key) implements Stamp {}

  /**
   * Of a table in PostgreSQL, by what the server counts. The counters follow a change within some
   * seconds.
   *
   * @param relation the table itself; another one of the same name has another number
   * @param file where its rows lie; a table that is rewritten or emptied gets another
   */
  record OfTable(long relation, long file, long bytes, long inserted, long updated, long deleted)
      implements Stamp {}

  /** Of a source that is there and can be opened; a view, whose rows lie elsewhere, has none. */
  static Optional<Stamp> of(Source source) {
    return switch (source) {
      case Source.File file -> Optional.of(ofFile(file));
      case Source.PostgreSql table -> PostgreSqlTable.stamp(table);
    };
  }

  static OfFile ofFile(Source.File source) {
    try {
      BasicFileAttributes now = Files.readAttributes(source.path(), BasicFileAttributes.class);
      if (now.isRegularFile() && Files.isReadable(source.path())) {
        return new OfFile(now.size(), now.lastModifiedTime(), now.fileKey());
      }
      throw unreadable(source, now.isRegularFile() ? "no right to read it" : "no regular file");
    } catch (IOException e) {
      throw unreadable(source, "none there");
    }
  }

  private static ProblemException unreadable(Source source, String found) {
    return new ProblemException(
        ErrorCode.SOURCE_UNREADABLE, ReadProblems.name(source), "a readable file", found);
  }
}

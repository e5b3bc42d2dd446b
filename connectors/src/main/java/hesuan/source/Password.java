package hesuan.source;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where a password is found when it is needed. It is read for each connection, kept nowhere, and
 * stands in no document, log or message.
 */
public sealed interface Password {
  int LENGTH_MAX = 1000;

  /** The line in which it stands. */
  String read();

  /** As it stands in a source's configuration. */
  Map<String, String> document();

  /** The only line of a file that nobody but its owner can read. */
  record InFile(Path path) implements Password {
    private static final Set<PosixFilePermission> OTHERS =
        Set.of(
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.OTHERS_WRITE);

    @Override
    public String read() {
      try {
        if (Files.getPosixFilePermissions(path).stream().anyMatch(OTHERS::contains)) {
          throw wrong("source.passwordFile", "a file of mode 600", "one that others can open");
        }
        if (Files.size(path) > LENGTH_MAX) {
          throw wrong("source.passwordFile", "one line", "a longer text");
        }
        return checked("source.passwordFile", Files.readString(path).stripTrailing());
      } catch (IOException e) {
        throw wrong(
            "source.passwordFile", "a readable file in UTF-8", e.getClass().getSimpleName());
      }
    }

    @Override
    public Map<String, String> document() {
      return Map.of("passwordFile", path.toString());
    }
  }

  /**
   * An environment variable of the agent. Its name says that it holds a password, so that no other
   * secret of the agent's surroundings can be sent to a server.
   */
  record InVariable(String name) implements Password {
    public InVariable {
      if (!name.matches("[A-Z0-9_]{0,60}PASSWORD[A-Z0-9_]{0,60}")) {
        // The name is not told: somebody may have put the password here.
        throw wrong(
            "source.passwordVariable",
            "the name of a variable, in capitals, with PASSWORD in it",
            "another text");
      }
    }

    @Override
    public String read() {
      String value = System.getenv(name);
      if (value == null) {
        throw wrong("source.passwordVariable", "a variable of the agent's environment", "not set");
      }
      return checked("source.passwordVariable", value);
    }

    @Override
    public Map<String, String> document() {
      return Map.of("passwordVariable", name);
    }
  }

  /** Exactly one of the two. */
  static Password of(@Nullable Path file, @Nullable String variable) {
    if ((file == null) == (variable == null)) {
      throw new ProblemException(
          file == null ? ErrorCode.MISSING_FIELD : ErrorCode.INVALID_VALUE,
          "source",
          "passwordFile or passwordVariable",
          file == null ? "neither" : "both");
    }
    return file != null
        ? new InFile(file)
        : new InVariable(java.util.Objects.requireNonNull(variable));
  }

  private static String checked(String at, String password) {
    if (password.isEmpty() || password.lines().count() != 1 || password.length() > LENGTH_MAX) {
      throw wrong(at, "one line of text", "none, or more than one");
    }
    return password;
  }

  private static ProblemException wrong(String at, String expected, String found) {
    return new ProblemException(ErrorCode.INVALID_VALUE, at, expected, found);
  }
}

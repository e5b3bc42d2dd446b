package hesuan.source;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which database of which server.
 *
 * @param host a name or an address
 */
public record PostgreSqlServer(String host, int port, String database) {
  static final int PORT = 5432;

  private static final Pattern URL =
      Pattern.compile(
          "(?:jdbc:)?postgres(?:ql)?://([^/@?#:]+|\\[[0-9A-Fa-f:.]+])(?::([0-9]{1,5}))?/([^/@?#]+)");

  public PostgreSqlServer {
    require("source.host", "a host's name or address", host.matches("[A-Za-z0-9._:-]{1,253}"));
    require("source.port", "1 to 65535", port >= 1 && port <= 65_535);
    require(
        "source.database",
        "a database's name of 1 to 63 letters",
        database.matches("[^\\p{Cntrl}]{1,63}"));
  }

  /** Nothing but host, port and database: whatever else an address may carry has a field here. */
  static PostgreSqlServer of(String url) {
    Matcher parts = URL.matcher(url);
    // What was found is not told: it may hold a password.
    require(
        "source.url",
        "postgresql://host:port/database, without user, password and parameters",
        parts.matches());
    String port = parts.group(2);
    return new PostgreSqlServer(
        parts.group(1).replaceAll("[\\[\\]]", ""),
        port == null ? PORT : Integer.parseInt(port),
        parts.group(3));
  }

  /** Whether what is sent there stays on this machine. */
  boolean isLoopback() {
    return host.equalsIgnoreCase("localhost")
        || host.equals("::1")
        || host.matches("127(\\.[0-9]{1,3}){3}");
  }

  /** How far the way to the server is protected; the words are libpq's. */
  public enum Tls {
    DISABLE,
    PREFER,
    REQUIRE,
    VERIFY_CA,
    VERIFY_FULL;

    String word() {
      return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }

    boolean verifies() {
      return this == VERIFY_CA || this == VERIFY_FULL;
    }

    /** Where nothing is said: the server's name is verified, unless it is this machine. */
    static Tls of(@Nullable String word, PostgreSqlServer server) {
      if (word == null) {
        return server.isLoopback() ? PREFER : VERIFY_FULL;
      }
      return Arrays.stream(values())
          .filter(tls -> tls.word().equals(word))
          .findFirst()
          .orElseThrow(
              () ->
                  new ProblemException(
                      ErrorCode.INVALID_VALUE,
                      "source.sslmode",
                      "disable, prefer, require, verify-ca or verify-full",
                      word));
    }
  }

  private static void require(String at, String expected, boolean holds) {
    if (!holds) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, at, expected, "another text");
    }
  }
}

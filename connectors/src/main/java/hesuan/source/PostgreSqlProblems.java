package hesuan.source;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.sql.SQLException;
import javax.net.ssl.SSLException;

/**
 * What PostgreSQL says, as problems. Its messages quote names of users and hosts, and values; so
 * only the five letters of its state pass.
 */
final class PostgreSqlProblems {
  private PostgreSqlProblems() {}

  static ProblemException of(Source.PostgreSql source, IOException e) {
    return e.getCause() instanceof SQLException cause
        ? of(source, cause)
        : offline(source, "a connection that holds", "one that broke off");
  }

  static ProblemException of(Source.PostgreSql source, SQLException e) {
    String state = String.valueOf(e.getSQLState());
    if (isAboutTls(e)) {
      return offline(
          source, "TLS by sslmode " + source.tls().word(), "a server or certificate without it");
    }
    return switch (state) {
      case "28P01", "28000" -> refused(source, "a user and password that the server takes");
      case "3D000" -> refused(source, "a database of the configured name");
      case "42501" -> refused(source, "the right to SELECT");
      case "53300" -> offline(source, "a free connection", "too many");
      case "57P01", "57P02", "57P03" ->
          offline(source, "a server that is up", "one that starts or stops");
      case "57014", "55P03" ->
          new ProblemException(
              ErrorCode.LIMIT_EXCEEDED,
              ReadProblems.name(source),
              "an answer within " + source.timeoutSeconds() + " s",
              "none; see timeoutSeconds of the source");
      case "42P01" -> unreadable(source, "a table or view of this name", "none there");
      case "42703" -> unreadable(source, "the columns that were there a moment ago", "others");
      default ->
          state.startsWith("08")
              ? offline(source, "a server that answers", "none")
              : unreadable(source, "readable data", "PostgreSQL says: state " + state);
    };
  }

  private static boolean isAboutTls(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof SSLException
          || cause instanceof CertificateException
          || (cause instanceof SQLException && isTlsText(String.valueOf(cause.getMessage())))) {
        return true;
      }
    }
    return false;
  }

  /** The driver has no state of its own for a certificate of another name. */
  private static boolean isTlsText(String message) {
    return message.contains("SSL") || message.contains("could not be verified by hostnameverifier");
  }

  private static ProblemException offline(Source.PostgreSql source, String expected, String found) {
    return new ProblemException(
        ErrorCode.SOURCE_OFFLINE, ReadProblems.name(source), expected, found);
  }

  private static ProblemException refused(Source.PostgreSql source, String expected) {
    return new ProblemException(
        ErrorCode.SOURCE_REFUSED, ReadProblems.name(source), expected, "a refusal");
  }

  private static ProblemException unreadable(
      Source.PostgreSql source, String expected, String found) {
    return new ProblemException(
        ErrorCode.SOURCE_UNREADABLE, ReadProblems.name(source), expected, found);
  }
}

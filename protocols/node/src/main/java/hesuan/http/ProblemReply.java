package hesuan.http;

import hesuan.wire.ErrorCode;
import hesuan.wire.Problem;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpResponse;
import java.util.Locale;

/**
 * A problem as the API says it (RFC 9457): the stable code, where, expected, found, and the
 * sentence in the caller's language with both languages beside it.
 *
 * @param detail the sentence in the language of Accept-Language
 */
public record ProblemReply(
    String type,
    String title,
    int status,
    String detail,
    String code,
    String at,
    String expected,
    String found,
    Sentences sentences) {
  /**
   * @param en English
   * @param zh Chinese
   */
  public record Sentences(String en, String zh) {}

  public static ProblemReply of(Problem problem, boolean chinese) {
    return new ProblemReply(
        "urn:hesuan:error:" + problem.code().code(),
        problem.code().title(chinese),
        status(problem.code()).getCode(),
        problem.sentence(chinese),
        problem.code().code(),
        problem.at(),
        problem.expected(),
        problem.found(),
        new Sentences(problem.sentence(false), problem.sentence(true)));
  }

  public static MutableHttpResponse<ProblemReply> response(
      HttpRequest<?> request, Problem problem) {
    boolean chinese =
        request
            .getLocale()
            .map(locale -> locale.getLanguage().equals(Locale.CHINESE.getLanguage()))
            .orElse(false);
    MutableHttpResponse<ProblemReply> response =
        HttpResponse.<ProblemReply>status(status(problem.code()))
            .body(of(problem, chinese))
            .contentType(MediaType.APPLICATION_JSON_PROBLEM_TYPE)
            .header("Content-Language", chinese ? "zh" : "en");
    return problem.code() == ErrorCode.NOT_AUTHENTICATED
        ? response.header("WWW-Authenticate", "Bearer realm=\"hesuan\"")
        : response;
  }

  static HttpStatus status(ErrorCode code) {
    return switch (code) {
      case UNKNOWN_FIELD,
          WRONG_TYPE,
          MISSING_FIELD,
          INVALID_VALUE,
          MALFORMED_DOCUMENT,
          UNSUPPORTED_SQL ->
          HttpStatus.BAD_REQUEST;
      case TOO_LARGE -> HttpStatus.REQUEST_ENTITY_TOO_LARGE;
      case UNKNOWN_PARTY,
          UNKNOWN_PRODUCT,
          UNKNOWN_CONTRACT,
          UNKNOWN_JOB,
          UNKNOWN_TOKEN,
          UNKNOWN_PATH ->
          HttpStatus.NOT_FOUND;
      case CONFLICT, DEADLINE_PASSED, CANCELLED, RESTARTED -> HttpStatus.CONFLICT;
      case NOT_AUTHENTICATED -> HttpStatus.UNAUTHORIZED;
      case NOT_AUTHORISED -> HttpStatus.FORBIDDEN;
      case LIMIT_EXCEEDED -> HttpStatus.TOO_MANY_REQUESTS;
      case PEER_UNREACHABLE, PEER_SILENT, ENVIRONMENT -> HttpStatus.SERVICE_UNAVAILABLE;
      case INTERNAL -> HttpStatus.INTERNAL_SERVER_ERROR;
      default -> HttpStatus.UNPROCESSABLE_ENTITY;
    };
  }
}

package hesuan.http;

import hesuan.wire.ErrorCode;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import io.micronaut.context.annotation.Primary;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.server.exceptions.response.ErrorContext;
import io.micronaut.http.server.exceptions.response.ErrorResponseProcessor;
import jakarta.inject.Singleton;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whatever goes wrong on the way, ours or the framework's, leaves as one kind of document. */
@Singleton
@Primary
final class Problems implements ErrorResponseProcessor<ProblemReply> {
  private static final Logger LOG = LoggerFactory.getLogger(Problems.class);

  @Override
  public MutableHttpResponse<ProblemReply> processResponse(
      ErrorContext context, MutableHttpResponse<?> response) {
    Problem problem =
        ours(context.getRootCause()).orElseGet(() -> framework(context, response.status()));
    return ProblemReply.response(context.getRequest(), problem);
  }

  static Optional<Problem> ours(Optional<Throwable> cause) {
    for (Throwable each = cause.orElse(null); each != null; each = each.getCause()) {
      if (each instanceof ProblemException problem) {
        return Optional.of(problem.problem());
      }
    }
    return Optional.empty();
  }

  private static Problem framework(ErrorContext context, HttpStatus status) {
    String path = context.getRequest().getPath();
    return switch (status) {
      case NOT_FOUND -> new Problem(ErrorCode.UNKNOWN_PATH, path, "a path of docs/api.md", path);
      case METHOD_NOT_ALLOWED ->
          new Problem(
              ErrorCode.UNKNOWN_PATH,
              path,
              "a method of docs/api.md",
              context.getRequest().getMethodName());
      case UNSUPPORTED_MEDIA_TYPE, NOT_ACCEPTABLE ->
          new Problem(
              ErrorCode.MALFORMED_DOCUMENT, "Content-Type", "application/json", "another type");
      case REQUEST_ENTITY_TOO_LARGE ->
          new Problem(ErrorCode.TOO_LARGE, "body", "at most 1 MiB", "more");
      case BAD_REQUEST ->
          new Problem(
              ErrorCode.MALFORMED_DOCUMENT,
              "request",
              "a request as docs/api.md shows",
              context.getErrors().isEmpty() ? "" : context.getErrors().getFirst().getMessage());
      default -> {
        LOG.error("request to {} failed", path, context.getRootCause().orElse(null));
        yield new Problem(ErrorCode.INTERNAL, path, "an answer", "a defect");
      }
    };
  }
}

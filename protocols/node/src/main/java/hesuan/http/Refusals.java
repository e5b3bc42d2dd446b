package hesuan.http;

import hesuan.wire.ProblemException;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.server.exceptions.ExceptionHandler;
import jakarta.inject.Singleton;

/** A refusal is an answer, not a defect: told to the caller, and no line in the log of errors. */
@Singleton
final class Refusals implements ExceptionHandler<ProblemException, HttpResponse<ProblemReply>> {
  @Override
  @SuppressWarnings("rawtypes") // as the interface has it
  public HttpResponse<ProblemReply> handle(HttpRequest request, ProblemException refusal) {
    return ProblemReply.response((HttpRequest<?>) request, refusal.problem());
  }
}

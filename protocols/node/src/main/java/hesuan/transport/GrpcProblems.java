package hesuan.transport;

import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.jspecify.annotations.Nullable;

/** How a {@link Problem} travels as the end of a gRPC call: whole, in a trailer. */
final class GrpcProblems {
  private static final Metadata.Key<byte[]> TRAILER =
      Metadata.Key.of("hesuan-problem-bin", Metadata.BINARY_BYTE_MARSHALLER);
  private static final int PROBLEM_BYTES_MAX = 8 << 10;

  private GrpcProblems() {}

  static Metadata trailers(Problem problem) {
    Metadata trailers = new Metadata();
    trailers.put(TRAILER, Json.canonical(problem));
    return trailers;
  }

  static Status status(Problem problem) {
    return (problem.code() == ErrorCode.NOT_AUTHENTICATED ? Status.UNAUTHENTICATED : Status.ABORTED)
        .withDescription(problem.code().code());
  }

  static StatusRuntimeException exception(Problem problem) {
    return status(problem).asRuntimeException(trailers(problem));
  }

  /** What the other side said, or, where it said nothing, what the connection shows. */
  static Problem problem(Throwable thrown, String peer) {
    for (Throwable each = thrown; each != null; each = each.getCause()) {
      if (each instanceof ProblemException known) {
        return known.problem();
      }
    }
    Metadata trailers = Status.trailersFromThrowable(thrown);
    byte @Nullable [] told = trailers == null ? null : trailers.get(TRAILER);
    if (told != null && told.length <= PROBLEM_BYTES_MAX) {
      try {
        return Json.read(told, Problem.class);
      } catch (ProblemException e) {
        return e.problem();
      }
    }
    Status status = Status.fromThrowable(thrown);
    Throwable cause = status.getCause();
    return new Problem(
        ErrorCode.PEER_UNREACHABLE,
        peer,
        "an answer",
        status.getCode()
            + (status.getDescription() == null ? "" : " " + status.getDescription())
            + (cause == null ? "" : ": " + cause.getMessage()));
  }
}

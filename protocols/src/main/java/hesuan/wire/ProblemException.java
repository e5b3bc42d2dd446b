package hesuan.wire;

/**
 * A {@link Problem} on its way to whoever must be told. Not for bugs: those fail loudly as they
 * are.
 */
public final class ProblemException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Problem problem;

  public ProblemException(Problem problem) {
    super(problem.sentence(false));
    this.problem = problem;
  }

  public ProblemException(ErrorCode code, String at, String expected, String found) {
    this(new Problem(code, at, expected, found));
  }

  public Problem problem() {
    return problem;
  }
}

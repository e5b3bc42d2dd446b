package hesuan.wire;

import java.util.regex.Pattern;

/**
 * Shape checks of identifiers: they become file names, TLS names and SQL, so the shape is narrow.
 */
final class Names {
  private Names() {}

  static void check(Pattern shape, String what, String value) {
    if (!shape.matcher(value).matches()) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, what, shape.pattern(), value);
    }
  }
}

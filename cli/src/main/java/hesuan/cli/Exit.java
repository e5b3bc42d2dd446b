package hesuan.cli;

import hesuan.wire.ErrorCode;

/** What the process answers its caller. These numbers never change their meaning. */
final class Exit {
  static final int OK = 0;

  /** A job was refused or failed, a verification failed, a document is not valid. */
  static final int NO = 1;

  static final int USAGE = 2;
  static final int UNREACHABLE = 3;
  static final int ENVIRONMENT = 69;
  static final int INTERRUPTED = 130;

  private Exit() {}

  static int of(ErrorCode code) {
    return switch (code) {
      case PEER_UNREACHABLE, PEER_SILENT -> UNREACHABLE;
      case ENVIRONMENT -> ENVIRONMENT;
      default -> NO;
    };
  }
}

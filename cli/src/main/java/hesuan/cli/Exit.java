package hesuan.cli;

import hesuan.wire.ErrorCode;

/** What the process answers its caller. These numbers never change their meaning. */
public final class Exit {
  public static final int OK = 0;

  /** A job was refused or failed, a verification failed, a document is not valid. */
  public static final int NO = 1;

  public static final int USAGE = 2;
  public static final int UNREACHABLE = 3;
  public static final int ENVIRONMENT = 69;
  public static final int INTERRUPTED = 130;

  private Exit() {}

  public static int of(ErrorCode code) {
    return switch (code) {
      case PEER_UNREACHABLE, PEER_SILENT -> UNREACHABLE;
      case ENVIRONMENT -> ENVIRONMENT;
      default -> NO;
    };
  }
}

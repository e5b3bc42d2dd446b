package hesuan.log;

/** Names in the C2SP tlog-tiles layout. */
final class Tiles {
  /** Hashes in a full tile, and entries in a full bundle. */
  static final int WIDTH = 256;

  static final int LEVELS = 8;
  static final int HASH_BYTES = 32;

  private Tiles() {}

  /**
   * @param width 1 to 256; a smaller one names a partial tile
   */
  static String tile(int level, long index, int width) {
    return "tile/" + level + "/" + number(index) + partial(width);
  }

  static String entries(long index, int width) {
    return "tile/entries/" + number(index) + partial(width);
  }

  static String directoryOf(String path) {
    return path.substring(0, path.lastIndexOf('/'));
  }

  /** Groups of three digits, all but the last marked: 1234067 is {@code x001/x234/067}. */
  static String number(long index) {
    StringBuilder text = new StringBuilder("%03d".formatted(index % 1000));
    for (long rest = index / 1000; rest > 0; rest /= 1000) {
      text.insert(0, "x%03d/".formatted(rest % 1000));
    }
    return text.toString();
  }

  private static String partial(int width) {
    return width == WIDTH ? "" : ".p/" + width;
  }
}

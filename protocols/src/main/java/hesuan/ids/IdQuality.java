package hesuan.ids;

/**
 * What a column of identifiers was worth: every row is empty, malformed, a repetition of an id seen
 * before, or the first of its id.
 */
public record IdQuality(long rows, long empty, long malformed, long duplicates, long distinct) {
  public static final IdQuality NONE = new IdQuality(0, 0, 0, 0, 0);

  public IdQuality {
    if (empty < 0 || malformed < 0 || duplicates < 0 || distinct < 0) {
      throw new IllegalArgumentException("a count below zero");
    }
    if (rows != empty + malformed + duplicates + distinct) {
      throw new IllegalArgumentException("counts that do not add up to the rows");
    }
  }

  public long usable() {
    return duplicates + distinct;
  }
}

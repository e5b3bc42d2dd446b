package hesuan.learn;

import java.util.Arrays;

/**
 * Rows to learn from, flat: row {@code r} has the features {@code [r * width, (r + 1) * width)} and
 * the label {@code r}, 0 or 1. Not copied; nobody may write to the arrays afterwards.
 */
public record Examples(float[] features, float[] labels, int width) {
  public Examples {
    if (width < 1 || features.length != (long) labels.length * width) {
      throw new IllegalArgumentException(
          "%d features for %d rows of %d".formatted(features.length, labels.length, width));
    }
    for (float feature : features) {
      if (!Float.isFinite(feature)) {
        throw new IllegalArgumentException("a feature that is no number");
      }
    }
    for (float label : labels) {
      if (label != 0 && label != 1) {
        throw new IllegalArgumentException("a label that is neither 0 nor 1");
      }
    }
  }

  public int rows() {
    return labels.length;
  }

  /** The chosen rows, in that order. */
  public Examples rows(int[] chosen) {
    float[] features = new float[chosen.length * width];
    float[] labels = new float[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      System.arraycopy(this.features, chosen[i] * width, features, i * width, width);
      labels[i] = this.labels[chosen[i]];
    }
    return new Examples(features, labels, width);
  }

  /** The rows of all parts, part after part: for tests and for comparisons with pooled training. */
  public static Examples concat(Examples... parts) {
    int rows = Arrays.stream(parts).mapToInt(Examples::rows).sum();
    int width = parts[0].width;
    float[] features = new float[rows * width];
    float[] labels = new float[rows];
    int at = 0;
    for (Examples part : parts) {
      System.arraycopy(part.features, 0, features, at * width, part.features.length);
      System.arraycopy(part.labels, 0, labels, at, part.labels.length);
      at += part.rows();
    }
    return new Examples(features, labels, width);
  }
}

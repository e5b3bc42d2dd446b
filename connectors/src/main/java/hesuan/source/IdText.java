package hesuan.source;

import hesuan.ids.IdNormaliser;
import hesuan.ids.IdNormaliser.Verdict;
import org.apache.arrow.vector.VarCharVector;

/** Hands the text of one cell to the normaliser without making an object of it. */
final class IdText {
  private final byte[] raw = new byte[IdNormaliser.RAW_BYTES_MAX];

  Verdict accept(IdNormaliser normaliser, VarCharVector cells, int row) {
    if (cells.isNull(row)) {
      return Verdict.EMPTY;
    }
    int length = cells.getValueLength(row);
    if (length > raw.length) {
      return Verdict.MALFORMED;
    }
    cells.getDataBuffer().getBytes(cells.getStartOffset(row), raw, 0, length);
    return normaliser.accept(raw, 0, length);
  }
}

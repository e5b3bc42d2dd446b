package hesuan.aggregate;

import hesuan.group.Workers;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.security.MessageDigest;
import java.util.Arrays;

/** The masked vector on its way, in messages of whole chunks; cells are little-endian. */
final class MaskedVector {
  /** 1 MiB, a quarter of a message's limit. */
  static final int PIECE_CELLS = 32 * Masks.CHUNK_CELLS;

  private MaskedVector() {}

  static byte[] send(Link link, long[] addend, Masks masks, Workers workers) {
    MessageDigest digest = Digest.sha256();
    for (int start = 0; start < addend.length; start += PIECE_CELLS) {
      long[] cells =
          Arrays.copyOfRange(addend, start, Math.min(addend.length, start + PIECE_CELLS));
      masks.applyTo(cells, start, cells.length, workers);
      byte[] piece = new byte[cells.length * Long.BYTES];
      for (int i = 0; i < cells.length; i++) {
        Masks.LONG.set(piece, i * Long.BYTES, cells[i]);
      }
      digest.update(piece);
      link.send(Phase.MASKED, piece);
    }
    return digest.digest();
  }

  /** Reads a whole vector into {@code cells}; the digest of its bytes. */
  static byte[] receive(Link link, long[] cells) {
    MessageDigest digest = Digest.sha256();
    for (int start = 0; start < cells.length; start += PIECE_CELLS) {
      int count = Math.min(PIECE_CELLS, cells.length - start);
      byte[] piece = link.receive(Phase.MASKED, count * Long.BYTES);
      if (piece.length != count * Long.BYTES) {
        throw new ProblemException(
            ErrorCode.PROTOCOL_VIOLATION,
            link.peer().value(),
            count + " masked cells",
            piece.length + " bytes");
      }
      digest.update(piece);
      for (int i = 0; i < count; i++) {
        cells[start + i] = (long) Masks.LONG.get(piece, i * Long.BYTES);
      }
    }
    return digest.digest();
  }
}

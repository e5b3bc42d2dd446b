package hesuan.aggregate;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.security.MessageDigest;

/** The masked vector on its way, in messages of whole chunks; cells are little-endian. */
final class MaskedVector {
  static final int PIECE_CELLS =
      16 * MaskStream.CHUNK_CELLS; // 1 MiB, a quarter of a message's limit

  private MaskedVector() {}

  /** Fills {@code chunk} with the masked cells from {@code from} on. */
  interface Masking {
    void chunk(long[] chunk, int from, int count);
  }

  static byte[] send(Link link, int length, Masking masking) {
    MessageDigest digest = Digest.sha256();
    long[] chunk = new long[MaskStream.CHUNK_CELLS];
    for (int start = 0; start < length; start += PIECE_CELLS) {
      int cells = Math.min(PIECE_CELLS, length - start);
      byte[] piece = new byte[cells * Long.BYTES];
      for (int at = 0; at < cells; at += chunk.length) {
        int count = Math.min(chunk.length, cells - at);
        masking.chunk(chunk, start + at, count);
        for (int i = 0; i < count; i++) {
          MaskStream.LONG.set(piece, (at + i) * Long.BYTES, chunk[i]);
        }
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
        cells[start + i] = (long) MaskStream.LONG.get(piece, i * Long.BYTES);
      }
    }
    return digest.digest();
  }
}

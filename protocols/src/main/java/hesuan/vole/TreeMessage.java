package hesuan.vole;

import hesuan.group.Workers;
import hesuan.wire.Digest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * What the sender tells of its trees: for each tree and level the sums over both sides, each under
 * a pad of which the receiver can make the one that it chose, then a closing element for each tree.
 * The pads are hashes of w and of w + Delta, of which the receiver knows one: z = choice Delta + w.
 */
final class TreeMessage {
  private static final int SUM = Trees.NODE_BYTES;
  private static final byte[] DOMAIN = "hesuan/vole/1/pad".getBytes(StandardCharsets.US_ASCII);

  private final TreeLayout layout;
  private final byte[] session;

  TreeMessage(TreeLayout layout, Digest session) {
    this.layout = layout;
    this.session = session.bytes();
  }

  static int bytes(TreeLayout layout) {
    return closingAt(layout, layout.trees());
  }

  static int closingAt(TreeLayout layout, int tree) {
    return layout.trees() * layout.depth() * 2 * SUM + tree * SUM;
  }

  /** The message but for the closing elements. */
  byte[] seal(byte[] sums, long[] w, long[] delta, Workers workers) {
    byte[] message = new byte[bytes(layout)];
    workers.split(
        layout.trees() * layout.depth(),
        (from, to) -> {
          MessageDigest sha256 = Digest.sha256();
          for (int i = from; i < to; i++) {
            long w0 = w[2 * i];
            long w1 = w[2 * i + 1];
            pad(sha256, i, w0, w1, sums, 2 * i * SUM, message, 2 * i * SUM);
            int right = (2 * i + 1) * SUM;
            pad(sha256, i, w0 ^ delta[0], w1 ^ delta[1], sums, right, message, right);
          }
        });
    return message;
  }

  /** The chosen sums: 16 bytes for each tree and level. */
  byte[] open(byte[] message, byte[] choices, long[] z, Workers workers) {
    int count = layout.trees() * layout.depth();
    byte[] sums = new byte[count * SUM];
    workers.split(
        count,
        (from, to) -> {
          MessageDigest sha256 = Digest.sha256();
          byte[] chosen = new byte[SUM];
          for (int i = from; i < to; i++) {
            int mask = -(choices[i >> 3] >> (i & 7) & 1);
            for (int k = 0; k < SUM; k++) {
              int left = message[2 * i * SUM + k];
              chosen[k] = (byte) (left ^ (left ^ message[(2 * i + 1) * SUM + k]) & mask);
            }
            pad(sha256, i, z[2 * i], z[2 * i + 1], chosen, 0, sums, i * SUM);
          }
        });
    return sums;
  }

  private void pad(
      MessageDigest sha256, int i, long w0, long w1, byte[] in, int at, byte[] out, int to) {
    sha256.update(DOMAIN);
    sha256.update(session);
    sha256.update(ByteBuffer.allocate(20).putInt(i).putLong(w0).putLong(w1).array());
    byte[] pad = sha256.digest();
    for (int k = 0; k < SUM; k++) {
      out[to + k] = (byte) (in[at + k] ^ pad[k]);
    }
  }
}

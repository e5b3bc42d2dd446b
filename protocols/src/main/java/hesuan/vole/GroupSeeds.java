package hesuan.vole;

import hesuan.wire.Digest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * From 128 base transfers, 32 groups of 16 seeds: one side has all, the other all but the one whose
 * number is its four bits of Delta (the all-but-one step of Roy 2022, SoftSpokenOT, with its check
 * that the seeds do not depend on Delta).
 */
final class GroupSeeds {
  static final int BITS = 4;
  static final int GROUPS = 128 / BITS;
  static final int SIZE = 1 << BITS;
  static final int SEED_BYTES = 16;
  private static final int SUMS_BYTES = BITS * 2 * SEED_BYTES;
  private static final int HASH_BYTES = 32;
  private static final int GROUP_BYTES = SUMS_BYTES + 2 * HASH_BYTES;

  static final int MESSAGE_BYTES = GROUPS * GROUP_BYTES;

  private static final byte[] DOMAIN =
      "hesuan/vole/1/group-seeds".getBytes(StandardCharsets.US_ASCII);

  private final byte[] session;

  GroupSeeds(Digest session) {
    this.session = session.bytes();
  }

  /** Delta's choice in base transfer i = group * 4 + level: the side that leads off its path. */
  static byte[] choices(long delta0, long delta1) {
    byte[] choices = new byte[128];
    for (int group = 0; group < GROUPS; group++) {
      int number = number(delta0, delta1, group);
      for (int level = 0; level < BITS; level++) {
        choices[group * BITS + level] = (byte) (1 ^ number >> BITS - 1 - level & 1);
      }
    }
    return choices;
  }

  /** Bits 4 group to 4 group + 3 of Delta. */
  static int number(long delta0, long delta1, int group) {
    long word = group < GROUPS / 2 ? delta0 : delta1;
    return (int) (word >>> group % (GROUPS / 2) * BITS) & SIZE - 1;
  }

  /**
   * Seeds of group g at g * 16, each 16 bytes; the message for the other side goes to the array.
   */
  byte[] make(byte[] baseKeys, SecureRandom random, byte[] message) {
    byte[] seeds = new byte[GROUPS * SIZE * SEED_BYTES];
    byte[] nodes = new byte[SIZE * SEED_BYTES];
    for (int group = 0; group < GROUPS; group++) {
      byte[] root = new byte[SEED_BYTES];
      random.nextBytes(root);
      System.arraycopy(root, 0, nodes, 0, SEED_BYTES);
      Arrays.fill(root, (byte) 0);
      int at = group * GROUP_BYTES;
      for (int level = 0; level < BITS; level++) {
        children(nodes, group, level);
        int sums = at + level * 2 * SEED_BYTES;
        int keys = (group * BITS + level) * 2 * SEED_BYTES;
        System.arraycopy(baseKeys, keys, message, sums, 2 * SEED_BYTES);
        for (int k = 0; k < 2 * SEED_BYTES << level; k++) {
          message[sums + k % (2 * SEED_BYTES)] ^= nodes[k];
        }
      }
      byte[] checks = leaves(nodes, group, seeds);
      for (int k = 0; k < checks.length; k++) {
        message[at + SUMS_BYTES + k % HASH_BYTES] ^= checks[k];
      }
      byte[] hash = hash("check", group, 0, 0, checks, 0, checks.length);
      System.arraycopy(hash, 0, message, at + SUMS_BYTES + HASH_BYTES, HASH_BYTES);
    }
    Arrays.fill(nodes, (byte) 0);
    return seeds;
  }

  /** The same seeds, with anything in place of those that Delta's bits name. */
  byte[] take(byte[] chosenKeys, long delta0, long delta1, byte[] message, Peer peer) {
    byte[] seeds = new byte[GROUPS * SIZE * SEED_BYTES];
    byte[] nodes = new byte[SIZE * SEED_BYTES];
    boolean sound = true;
    for (int group = 0; group < GROUPS; group++) {
      int number = number(delta0, delta1, group);
      int at = group * GROUP_BYTES;
      Arrays.fill(nodes, (byte) 0);
      for (int level = 0; level < BITS; level++) {
        children(nodes, group, level);
        int path = number >> BITS - 1 - level;
        int key = (group * BITS + level) * SEED_BYTES;
        mend(nodes, 1 << level, path, message, at + level * 2 * SEED_BYTES, chosenKeys, key);
      }
      byte[] checks = leaves(nodes, group, seeds);
      byte[] missing = Arrays.copyOfRange(message, at + SUMS_BYTES, at + SUMS_BYTES + HASH_BYTES);
      for (int x = 0; x < SIZE; x++) {
        byte mask = (byte) ~equal(x, number);
        for (int k = 0; k < HASH_BYTES; k++) {
          missing[k] ^= (byte) (checks[x * HASH_BYTES + k] & mask);
        }
      }
      for (int x = 0; x < SIZE; x++) {
        int mask = equal(x, number);
        for (int k = 0; k < HASH_BYTES; k++) {
          int i = x * HASH_BYTES + k;
          checks[i] = (byte) (missing[k] & mask | checks[i] & ~mask);
        }
      }
      byte[] hash = hash("check", group, 0, 0, checks, 0, checks.length);
      int told = at + SUMS_BYTES + HASH_BYTES;
      sound &= MessageDigest.isEqual(hash, Arrays.copyOfRange(message, told, told + HASH_BYTES));
    }
    Arrays.fill(nodes, (byte) 0);
    if (!sound) {
      throw peer.violation("consistent seeds", "others");
    }
    return seeds;
  }

  /** All ones when equal. */
  private static int equal(int x, int y) {
    return (x ^ y) - 1 >> 31;
  }

  /**
   * Both children of the node before the last step of the path are anything; this gives the one off
   * the path its value, from the sum over its side.
   */
  private static void mend(
      byte[] nodes, int parents, int path, byte[] message, int sums, byte[] keys, int key) {
    int off = path & 1 ^ 1;
    byte[] missing = new byte[SEED_BYTES];
    for (int k = 0; k < SEED_BYTES; k++) {
      int left = message[sums + k];
      int right = message[sums + SEED_BYTES + k];
      missing[k] = (byte) (left ^ (left ^ right) & -off ^ keys[key + k]);
    }
    for (int child = 0; child < 2 * parents; child++) {
      int counts = equal(child & 1, off) & ~equal(child >> 1, path >> 1);
      for (int k = 0; k < SEED_BYTES; k++) {
        missing[k] ^= (byte) (nodes[child * SEED_BYTES + k] & counts);
      }
    }
    for (int child = 0; child < 2 * parents; child++) {
      int here = equal(child, path ^ 1);
      for (int k = 0; k < SEED_BYTES; k++) {
        int i = child * SEED_BYTES + k;
        nodes[i] = (byte) (missing[k] & here | nodes[i] & ~here);
      }
    }
  }

  private void children(byte[] nodes, int group, int level) {
    for (int node = (1 << level) - 1; node >= 0; node--) {
      byte[] two = hash("node", group, level, node, nodes, node * SEED_BYTES, SEED_BYTES);
      System.arraycopy(two, 0, nodes, 2 * node * SEED_BYTES, 2 * SEED_BYTES);
      Arrays.fill(two, (byte) 0);
    }
  }

  /** Puts the seeds and returns what the check compares. */
  private byte[] leaves(byte[] nodes, int group, byte[] seeds) {
    byte[] checks = new byte[SIZE * HASH_BYTES];
    for (int x = 0; x < SIZE; x++) {
      byte[] seed = hash("seed", group, BITS, x, nodes, x * SEED_BYTES, SEED_BYTES);
      System.arraycopy(seed, 0, seeds, (group * SIZE + x) * SEED_BYTES, SEED_BYTES);
      Arrays.fill(seed, (byte) 0);
      byte[] check = hash("leaf", group, BITS, x, nodes, x * SEED_BYTES, SEED_BYTES);
      System.arraycopy(check, 0, checks, x * HASH_BYTES, HASH_BYTES);
    }
    return checks;
  }

  private byte[] hash(String use, int group, int level, int node, byte[] in, int at, int length) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update(DOMAIN);
    sha256.update(session);
    sha256.update(use.getBytes(StandardCharsets.US_ASCII));
    sha256.update(ByteBuffer.allocate(12).putInt(group).putInt(level).putInt(node).array());
    sha256.update(in, at, length);
    return sha256.digest();
  }
}

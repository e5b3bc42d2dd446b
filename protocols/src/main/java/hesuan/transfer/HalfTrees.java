package hesuan.transfer;

import hesuan.vole.Words;
import hesuan.wire.Digest;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/**
 * Correlated trees (Guo, Yang, Wang, Zhang, Xie, Liu, Zhao 2023): the children of a node x are h(x)
 * and h(x) + x, so that every level adds up to Delta. The sender grows all, the receiver all but
 * one path each; the leaves are equal but for one of each tree, where they differ by Delta. h(x) =
 * AES(s(x)) + s(x) under a public key of the session, where s(low, high) = (low + high, low), which
 * is circular correlation robust when AES is modelled as a random permutation (Guo, Katz, Wang, Yu
 * 2020). Trees are grown eight at a time and handed on {@link #BESIDE} at a time, leaf by leaf, so
 * that neighbours in the map are of many trees. One thread's.
 */
final class HalfTrees {
  static final int DEPTH = 12;
  static final int LEAVES = 1 << DEPTH;

  /** As many as places of noise: docs/protocols/silent-ot.md argues the number. */
  static final int TREES = 512;

  /** Leaves of so many trees take turns. */
  static final int BESIDE = 32;

  static final int TOTAL = TREES * LEAVES;

  /** Transfers that a round of trees needs. */
  static final int CHOICES = TREES * DEPTH;

  static final int MESSAGE_BYTES = CHOICES * 16;

  private static final int GROUP = 8;
  private static final int ROW = GROUP * 16;
  private static final int CHUNK = 1 << 15;

  private final Cipher aes;
  private final byte[][] groups = new byte[BESIDE / GROUP][LEAVES * ROW];
  private final byte[] folded = new byte[LEAVES / 4 * ROW];
  private final byte[] mixed = new byte[CHUNK];
  private final byte[] hashed = new byte[CHUNK];
  private final byte[] sum = new byte[ROW];

  HalfTrees(Digest session) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update((Transfers.PROTOCOL + "/trees/").getBytes(StandardCharsets.US_ASCII));
    try {
      aes = Cipher.getInstance("AES/ECB/NoPadding");
      aes.init(
          Cipher.ENCRYPT_MODE, new SecretKeySpec(sha256.digest(session.bytes()), 0, 16, "AES"));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES", e);
    }
  }

  /**
   * All trees from their roots; leaves go to the encoder with their lowest bit 0.
   *
   * @param rows the base transfers' q, one for each tree and level
   * @return for the receiver, for each tree and level: q + the sum of all left nodes
   */
  byte[] grow(
      byte[] roots, long[] rows, long delta0, long delta1, GolayAccumulateCode.Encoder encoder) {
    byte[] message = new byte[MESSAGE_BYTES];
    for (int first = 0; first < TREES; first += BESIDE) {
      for (int group = 0; group < groups.length; group++) {
        byte[] nodes = groups[group];
        int tree = first + group * GROUP;
        System.arraycopy(roots, tree * 16, nodes, 0, ROW);
        for (int at = 0; at < ROW; at += 16) {
          Words.put(nodes, ROW + at, Words.at(nodes, at) ^ delta0);
          Words.put(nodes, ROW + at + 8, Words.at(nodes, at + 8) ^ delta1);
        }
        System.arraycopy(nodes, 0, sum, 0, ROW);
        tell(message, rows, tree, 1);
        for (int level = 2; level <= DEPTH; level++) {
          step(nodes, level);
          leftSum(nodes, level);
          tell(message, rows, tree, level);
        }
      }
      hand(encoder);
    }
    wipe();
    return message;
  }

  private void tell(byte[] message, long[] rows, int tree, int level) {
    for (int i = 0; i < GROUP; i++) {
      int at = (tree + i) * DEPTH + level - 1;
      Words.put(message, 16 * at, Words.at(sum, 16 * i) ^ rows[2 * at]);
      Words.put(message, 16 * at + 8, Words.at(sum, 16 * i + 8) ^ rows[2 * at + 1]);
    }
  }

  /**
   * All trees but a path each; leaves go to the encoder with their lowest bit 0, but 1 where they
   * differ from the sender's.
   *
   * @param rows the base transfers' t: a bit says on which side of a level the path is left
   */
  void growPunctured(byte[] message, long[] rows, GolayAccumulateCode.Encoder encoder) {
    int[] paths = new int[GROUP];
    byte[] total = new byte[ROW];
    for (int first = 0; first < TREES; first += BESIDE) {
      for (int group = 0; group < groups.length; group++) {
        byte[] nodes = groups[group];
        int tree = first + group * GROUP;
        Arrays.fill(paths, 0);
        Arrays.fill(nodes, 0, 2 * ROW, (byte) 0);
        Arrays.fill(sum, (byte) 0);
        Arrays.fill(total, (byte) 0);
        for (int level = 1; level <= DEPTH; level++) {
          if (level > 1) {
            step(nodes, level);
            clear(nodes, level, paths);
            leftSum(nodes, level);
          }
          mend(nodes, level, paths, message, rows, tree, total);
        }
        for (int i = 0; i < GROUP; i++) {
          int leaf = paths[i] * ROW + 16 * i;
          Words.put(nodes, leaf, Words.at(total, 16 * i) | 1);
          Words.put(nodes, leaf + 8, Words.at(total, 16 * i + 8));
        }
      }
      hand(encoder);
    }
    Arrays.fill(paths, 0);
    Arrays.fill(total, (byte) 0);
    wipe();
  }

  /** Zero for both children of the node on the path. */
  private static void clear(byte[] nodes, int level, int[] paths) {
    int parents = 1 << level - 1;
    for (int i = 0; i < GROUP; i++) {
      for (int node = paths[i]; node < 2 * parents; node += parents) {
        Words.put(nodes, node * ROW + 16 * i, 0);
        Words.put(nodes, node * ROW + 16 * i + 8, 0);
      }
    }
  }

  /** Gives the node off the path its value, and total the sum of the level's known nodes. */
  private void mend(
      byte[] nodes, int level, int[] paths, byte[] message, long[] rows, int tree, byte[] total) {
    int parents = 1 << level - 1;
    long keep = level == DEPTH ? ~1L : -1L;
    for (int i = 0; i < GROUP; i++) {
      int at = (tree + i) * DEPTH + level - 1;
      long off = rows[2 * at] & 1;
      int node = (paths[i] + (int) off * parents) * ROW + 16 * i;
      for (int word = 0; word < 2; word++) {
        int to = 16 * i + 8 * word;
        // Known nodes of the left and of the right side: together the parents' known ones.
        long left = Words.at(sum, to);
        long right = left ^ Words.at(total, to);
        long told = Words.at(message, 16 * at + 8 * word) ^ rows[2 * at + word];
        long value = told ^ left ^ (left ^ right) & -off;
        if (word == 0) {
          value &= keep;
        }
        Words.put(nodes, node + 8 * word, value);
        Words.put(total, to, Words.at(total, to) ^ value);
      }
      paths[i] += (int) (off ^ 1) * parents;
    }
  }

  /** From the nodes of the level above to those of this one: left children, then right ones. */
  private void step(byte[] nodes, int level) {
    int bytes = (1 << level - 1) * ROW;
    long keep = level == DEPTH ? ~1L : -1L;
    try {
      for (int from = 0; from < bytes; from += CHUNK) {
        int length = Math.min(CHUNK, bytes - from);
        for (int i = 0; i < length; i += 16) {
          long low = Words.at(nodes, from + i);
          Words.put(mixed, i, low ^ Words.at(nodes, from + i + 8));
          Words.put(mixed, i + 8, low);
        }
        aes.update(mixed, 0, length, hashed, 0);
        for (int i = 0; i < length; i += 16) {
          long high = Words.at(mixed, i) ^ Words.at(mixed, i + 8);
          long leftLow = (Words.at(hashed, i) ^ Words.at(mixed, i)) & keep;
          long leftHigh = Words.at(hashed, i + 8) ^ Words.at(mixed, i + 8);
          Words.put(nodes, bytes + from + i, (leftLow ^ Words.at(mixed, i + 8)) & keep);
          Words.put(nodes, bytes + from + i + 8, leftHigh ^ high);
          Words.put(nodes, from + i, leftLow);
          Words.put(nodes, from + i + 8, leftHigh);
        }
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("whole blocks into a buffer of their size", e);
    }
  }

  /** The sum of a level's left nodes, tree beside tree. */
  private void leftSum(byte[] nodes, int level) {
    int half = (1 << level - 2) * ROW;
    Words.xor(nodes, 0, nodes, half, sum.length == half ? sum : folded, 0, half);
    while (half > ROW) {
      half /= 2;
      Words.xor(folded, 0, folded, half, half == ROW ? sum : folded, 0, half);
    }
  }

  private void hand(GolayAccumulateCode.Encoder encoder) {
    for (int leaf = 0; leaf < LEAVES; leaf++) {
      for (byte[] nodes : groups) {
        encoder.take(nodes, leaf * ROW, GROUP);
      }
    }
  }

  private void wipe() {
    for (byte[] nodes : groups) {
      Arrays.fill(nodes, (byte) 0);
    }
    for (byte[] secret : new byte[][] {folded, mixed, hashed, sum}) {
      Arrays.fill(secret, (byte) 0);
    }
  }
}

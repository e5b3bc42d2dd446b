package hesuan.join;

import hesuan.channel.RecordedChannel;
import hesuan.wire.Digest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.security.DigestException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Many correlated oblivious transfers: for each, the chooser has a bit e and the giver a row of
 * figures v; the chooser gets u and the giver keeps w with u + w = e v, modulo 2^64. Ishai, Kilian,
 * Nissim and Petrank's extension, in chunks so that memory stays flat.
 */
final class Transfers {
  private static final byte COLUMNS = 7;
  private static final byte CORRECTIONS = 8;

  /** Transfers in a message: 256 KiB of columns. */
  static final int CHUNK = 1 << 14;

  private static final int WORDS = CHUNK / 64;

  /** What the giver puts in: the figures of one transfer. */
  interface Figures {
    void of(int transfer, long[] out);
  }

  /** What a party gets out: its halves of one transfer. */
  interface Halves {
    void take(int transfer, long[] half);
  }

  private Transfers() {}

  /**
   * @param choices bit {@code i} of long {@code i / 64} for transfer i
   */
  static void choose(
      RecordedChannel channel,
      Digest session,
      int count,
      int figures,
      long[] choices,
      Halves halves,
      SecureRandom random) {
    if (count == 0) {
      return;
    }
    byte[][][] keys = BaseTransfers.give(channel, session, random);
    Cipher[] zero = new Cipher[BaseTransfers.COUNT];
    Cipher[] one = new Cipher[BaseTransfers.COUNT];
    for (int row = 0; row < zero.length; row++) {
      zero[row] = stream(keys[row][0]);
      one[row] = stream(keys[row][1]);
    }
    long[] rows = new long[BaseTransfers.COUNT * WORDS];
    long[] other = new long[WORDS];
    Pad pad = new Pad(session, figures);
    long[] half = new long[figures];
    for (int first = 0; first < count; first += CHUNK) {
      ByteBuffer body = littleEndian(BaseTransfers.COUNT * WORDS * Long.BYTES);
      LongBuffer out = body.asLongBuffer();
      int word = first / 64;
      for (int row = 0; row < BaseTransfers.COUNT; row++) {
        fill(zero[row], rows, row * WORDS);
        fill(one[row], other, 0);
        for (int i = 0; i < WORDS; i++) {
          long chosen = word + i < choices.length ? choices[word + i] : 0;
          out.put(rows[row * WORDS + i] ^ other[i] ^ chosen);
        }
      }
      channel.send(COLUMNS, body.array());
      long[] columns = BitMatrix.columns(rows, WORDS);
      int transfers = Math.min(CHUNK, count - first);
      LongBuffer corrections =
          ByteBuffer.wrap(channel.receiveExactly(CORRECTIONS, transfers * figures * Long.BYTES))
              .order(ByteOrder.LITTLE_ENDIAN)
              .asLongBuffer();
      for (int i = 0; i < transfers; i++) {
        int transfer = first + i;
        long chosen = -(choices[transfer / 64] >>> transfer & 1);
        pad.of(transfer, columns[2 * i], columns[2 * i + 1], half);
        for (int k = 0; k < figures; k++) {
          half[k] += corrections.get() & chosen;
        }
        halves.take(transfer, half);
      }
    }
  }

  static void give(
      RecordedChannel channel,
      Digest session,
      int count,
      int figures,
      Figures values,
      Halves halves,
      SecureRandom random) {
    if (count == 0) {
      return;
    }
    long[] secret = {random.nextLong(), random.nextLong()};
    byte[][] keys = BaseTransfers.take(channel, session, secret, random);
    Cipher[] streams = new Cipher[BaseTransfers.COUNT];
    for (int row = 0; row < streams.length; row++) {
      streams[row] = stream(keys[row]);
    }
    long[] rows = new long[BaseTransfers.COUNT * WORDS];
    Pad pad = new Pad(session, figures);
    long[] chosen = new long[figures];
    long[] value = new long[figures];
    long[] half = new long[figures];
    for (int first = 0; first < count; first += CHUNK) {
      LongBuffer in =
          ByteBuffer.wrap(channel.receiveExactly(COLUMNS, BaseTransfers.COUNT * WORDS * Long.BYTES))
              .order(ByteOrder.LITTLE_ENDIAN)
              .asLongBuffer();
      for (int row = 0; row < BaseTransfers.COUNT; row++) {
        fill(streams[row], rows, row * WORDS);
        long mask = -(secret[row / 64] >>> row & 1);
        for (int i = 0; i < WORDS; i++) {
          rows[row * WORDS + i] ^= in.get() & mask;
        }
      }
      long[] columns = BitMatrix.columns(rows, WORDS);
      int transfers = Math.min(CHUNK, count - first);
      ByteBuffer body = littleEndian(transfers * figures * Long.BYTES);
      for (int i = 0; i < transfers; i++) {
        int transfer = first + i;
        pad.of(transfer, columns[2 * i], columns[2 * i + 1], half);
        pad.of(transfer, columns[2 * i] ^ secret[0], columns[2 * i + 1] ^ secret[1], chosen);
        values.of(transfer, value);
        for (int k = 0; k < figures; k++) {
          body.putLong(half[k] + value[k] - chosen[k]);
          half[k] = -half[k];
        }
        halves.take(transfer, half);
      }
      channel.send(CORRECTIONS, body.array());
    }
    Arrays.fill(secret, 0);
  }

  private static ByteBuffer littleEndian(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static Cipher stream(byte[] key) {
    try {
      Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
      cipher.init(
          Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(new byte[16]));
      return cipher;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES", e);
    }
  }

  private static final byte[] ZEROS = new byte[WORDS * Long.BYTES];

  private static void fill(Cipher stream, long[] out, int at) {
    byte[] bytes = new byte[ZEROS.length];
    try {
      stream.update(ZEROS, 0, ZEROS.length, bytes, 0);
    } catch (ShortBufferException e) {
      throw new IllegalStateException(e);
    }
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(out, at, WORDS);
  }

  /** Figures from a row of 128 bits, which looks random to whoever lacks the row. */
  private static final class Pad {
    private final MessageDigest sha256 = Digest.sha256();
    private final byte[] input;
    private final byte[] hash = new byte[32];
    private final int prefix;
    private final int figures;

    Pad(Digest session, int figures) {
      byte[] domain =
          sha256.digest(
              (JoinParameters.PROTOCOL + "/pad/" + session.hex())
                  .getBytes(StandardCharsets.US_ASCII));
      prefix = 16;
      input = Arrays.copyOf(domain, prefix + Integer.BYTES + 2 * Long.BYTES);
      this.figures = figures;
    }

    void of(int transfer, long low, long high, long[] out) {
      ByteBuffer.wrap(input, prefix, input.length - prefix)
          .putInt(transfer)
          .putLong(low)
          .putLong(high);
      sha256.update(input);
      try {
        sha256.digest(hash, 0, hash.length);
      } catch (DigestException e) {
        throw new IllegalStateException(e);
      }
      ByteBuffer.wrap(hash).asLongBuffer().get(out, 0, figures);
    }
  }
}

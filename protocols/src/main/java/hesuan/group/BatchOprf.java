package hesuan.group;

import hesuan.wire.SecretBytes;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * The oblivious pseudorandom function OPRF(ristretto255, SHA-512) of RFC 9497, mode 0, over many
 * inputs of 32 bytes, flat. Who has the key computes {@link #outputs} of {@link #hashed} elements;
 * who has inputs gets {@link #hashed} ones under a fresh blind multiplied by the key, takes the
 * blind off with {@link Points#multiply}, and then computes {@link #outputs}.
 *
 * <p>One blind serves a batch: the elements are hashes, so they look random under decisional
 * Diffie-Hellman, where a blind for each would hide them whatever the assumption.
 */
public final class BatchOprf {
  public static final int INPUT_BYTES = 32;

  private static final String CONTEXT = "OPRFV1-\0-ristretto255-SHA512";
  private static final byte[] FINALIZE = "Finalize".getBytes(StandardCharsets.US_ASCII);

  private BatchOprf() {}

  /** DeriveKeyPair, section 3.2.1: the same key for the same seed and info. */
  public static Scalar deriveKey(SecretBytes seed, byte[] info) {
    byte[] secret = seed.exposeCopy();
    if (secret.length != 32 || info.length > 0xffff) {
      throw new IllegalArgumentException(secret.length + " bytes of seed");
    }
    ByteBuffer input = ByteBuffer.allocate(secret.length + 2 + info.length + 1);
    input.put(secret).putShort((short) info.length).put(info);
    Arrays.fill(secret, (byte) 0);
    HashToGroup hash = new HashToGroup("DeriveKeyPair" + CONTEXT);
    for (int counter = 0; counter <= 255; counter++) {
      input.put(input.capacity() - 1, (byte) counter);
      byte[] uniform = hash.expand(input.array(), 64);
      for (int i = 0; i < 32; i++) {
        byte swap = uniform[i];
        uniform[i] = uniform[63 - i];
        uniform[63 - i] = swap;
      }
      Scalar key = Scalar.of(new BigInteger(1, uniform));
      if (key.value().signum() != 0) {
        Arrays.fill(input.array(), (byte) 0);
        return key;
      }
    }
    throw new IllegalStateException("no key in 256 attempts");
  }

  /** out[i] = scalar H(inputs[i]): the scalar is a blind, or the key itself. */
  public static void hashed(byte[] inputs, int items, Scalar scalar, byte[] out, Workers workers) {
    Points.hashMultiply("HashToGroup-" + CONTEXT, inputs, items, scalar, out, workers);
  }

  /**
   * The first 16 bytes of Finalize, section 3.3.1, as two little-endian longs for each item, from
   * number {@code first} of the outputs on.
   *
   * @param elements key H(input), for each input
   */
  public static void outputs(
      byte[] inputs, byte[] elements, int items, long[] outputs, int first, Workers workers) {
    workers.split(
        items,
        (from, to) -> {
          MessageDigest sha512 = sha512();
          byte[] block = new byte[2 + INPUT_BYTES + 2 + 32 + FINALIZE.length];
          block[1] = INPUT_BYTES;
          block[2 + INPUT_BYTES + 1] = 32;
          System.arraycopy(FINALIZE, 0, block, block.length - FINALIZE.length, FINALIZE.length);
          ByteBuffer hash = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
          for (int i = from; i < to; i++) {
            System.arraycopy(inputs, i * INPUT_BYTES, block, 2, INPUT_BYTES);
            System.arraycopy(elements, i * 32, block, 2 + INPUT_BYTES + 2, 32);
            sha512.update(block);
            try {
              sha512.digest(hash.array(), 0, 64);
            } catch (DigestException e) {
              throw new IllegalStateException(e);
            }
            outputs[2 * (first + i)] = hash.getLong(0);
            outputs[2 * (first + i) + 1] = hash.getLong(8);
          }
        });
  }

  private static MessageDigest sha512() {
    try {
      return MessageDigest.getInstance("SHA-512");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-512", e);
    }
  }
}

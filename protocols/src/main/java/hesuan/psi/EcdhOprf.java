package hesuan.psi;

import hesuan.channel.RecordedChannel;
import hesuan.group.Points;
import hesuan.group.Scalar;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;

/**
 * The value of an item is a hash of b H(item), b the sender's fresh exponent in ristretto255; the
 * receiver has its items raised to b blinded by a fresh exponent of its own.
 */
record EcdhOprf(Digest parameters, Workers workers, SecureRandom random) implements Oprf {
  private static final VarHandle LITTLE_LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final String DOMAIN =
      IntersectionParameters.PROTOCOL + "/ristretto255_XMD:SHA-512_R255MAP_RO_";
  private static final int BATCH = IntersectionMessages.Points.BATCH;

  @Override
  public Values receive(RecordedChannel sender, int bucket, long[] items) {
    Scalar blind = Scalar.random(random);
    int total = items.length / 2;
    for (int from = 0; from < total; from += BATCH) {
      int count = Math.min(BATCH, total - from);
      byte[] points = hashed(items, from, count, blind);
      new IntersectionMessages.Points(points)
          .send(sender, IntersectionMessages.Points.BLINDED_TAG, bucket);
    }
    Scalar unblind = blind.inverse();
    long[] values = new long[items.length];
    for (int from = 0; from < total; from += BATCH) {
      int count = Math.min(BATCH, total - from);
      byte[] answer =
          IntersectionMessages.Points.receive(
                  sender, IntersectionMessages.Points.ANSWER_TAG, bucket, count)
              .bytes();
      multiply(sender, answer, unblind);
      values(answer, values, from);
    }
    return new Values(values, Oprf.inOrder(total));
  }

  @Override
  public Values send(RecordedChannel receiver, int bucket, long[] items, int receiverItems) {
    Scalar exponent = Scalar.random(random);
    // All come in before any goes back: two full channels must not wait for each other.
    byte[][] batches = new byte[Math.ceilDiv(receiverItems, BATCH)][];
    for (int batch = 0; batch < batches.length; batch++) {
      int count = Math.min(BATCH, receiverItems - batch * BATCH);
      batches[batch] =
          IntersectionMessages.Points.receive(
                  receiver, IntersectionMessages.Points.BLINDED_TAG, bucket, count)
              .bytes();
      multiply(receiver, batches[batch], exponent);
    }
    for (byte[] batch : batches) {
      new IntersectionMessages.Points(batch)
          .send(receiver, IntersectionMessages.Points.ANSWER_TAG, bucket);
    }
    long[] values = new long[items.length];
    for (int from = 0; from < items.length / 2; from += BATCH) {
      int count = Math.min(BATCH, items.length / 2 - from);
      values(hashed(items, from, count, exponent), values, from);
    }
    return new Values(values, Oprf.inOrder(items.length / 2));
  }

  private byte[] hashed(long[] items, int from, int count, Scalar exponent) {
    byte[] points = new byte[count * 32];
    for (int i = 0; i < count; i++) {
      LITTLE_LONG.set(points, i * 32, items[2 * (from + i)]);
      LITTLE_LONG.set(points, i * 32 + 8, items[2 * (from + i) + 1]);
    }
    Points.hashMultiply(DOMAIN, points, count, exponent, points, workers);
    return points;
  }

  private void multiply(RecordedChannel from, byte[] points, Scalar exponent) {
    int bad = Points.multiply(points, points.length / 32, exponent, points, workers);
    if (bad != 0) {
      throw from.violation("encoded elements other than the identity", bad + " others");
    }
  }

  private void values(byte[] points, long[] values, int from) {
    MessageDigest sha256 = Digest.sha256();
    byte[] domain =
        (IntersectionParameters.PROTOCOL + "/ecdh/" + parameters.hex())
            .getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < points.length / 32; i++) {
      sha256.update(domain);
      sha256.update(points, i * 32, 32);
      byte[] hash = sha256.digest();
      values[2 * (from + i)] = (long) LITTLE_LONG.get(hash, 0);
      values[2 * (from + i) + 1] = (long) LITTLE_LONG.get(hash, 8);
    }
  }
}

package hesuan.psi;

import hesuan.channel.Channel;
import hesuan.channel.RecordedChannel;
import hesuan.group.Workers;
import hesuan.okvs.ClusteredOkvs;
import hesuan.vole.Gf128Multiplier;
import hesuan.vole.VoleParameters;
import hesuan.vole.VoleReceiver;
import hesuan.vole.VoleSender;
import hesuan.vole.VoleSenderShares;
import hesuan.vole.VoleShares;
import hesuan.wire.Digest;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * The receiver puts H(y) under each of its items y into a store P and sends P + A, where C = A
 * Delta + B is a vector that VOLE gave it and the sender. With K = B + Delta (P + A) = C + Delta P
 * the sender computes K(x) + Delta H(x), which for x of the receiver is C(x), and for any other
 * item depends on Delta, which the receiver lacks. docs/protocols/vole-psi.md has the argument.
 *
 * @param malicious hashes value and item together and throws a coin in, so that neither side can
 *     prepare its vector for items it does not have
 */
public record VoleOprf(Digest parameters, boolean malicious, Workers workers, SecureRandom random)
    implements Oprf {
  private static final VarHandle LITTLE_LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int BATCH = IntersectionMessages.Cells.BATCH;
  private static final int COIN_BYTES = 16;

  @Override
  public Values receive(RecordedChannel sender, int bucket, long[] items) {
    byte[] commitment =
        malicious
            ? IntersectionMessages.Short.receive(
                    sender, IntersectionMessages.Short.COMMITMENT_TAG, bucket, 32)
                .bytes()
            : new byte[0];
    // Drawn here, when the items can no longer change: an encoding that fails must not depend on
    // anything that whoever chose the items could know.
    byte[] seed = new byte[ClusteredOkvs.SEED_BYTES];
    random.nextBytes(seed);
    if (!malicious) {
      sendSeed(sender, bucket, seed);
    }
    ClusteredOkvs.Shape shape = ClusteredOkvs.Shape.of(items.length / 2);
    ClusteredOkvs.Rows rows = ClusteredOkvs.Rows.of(shape, seed, items, workers);
    long[] cells = ClusteredOkvs.encode(rows, rows.hashes(), random, workers);
    VoleShares shares =
        new VoleReceiver(voleParameters(bucket, shape), random, workers).run(channel(sender));
    long[] mask = shares.a();
    for (int i = 0; i < cells.length; i++) {
      cells[i] ^= mask[i];
    }
    byte[] coin = new byte[COIN_BYTES];
    if (malicious) {
      sendSeed(sender, bucket, seed);
      random.nextBytes(coin);
      new IntersectionMessages.Short(coin)
          .send(sender, IntersectionMessages.Short.COIN_TAG, bucket);
    }
    for (int from = 0; from < shape.cells(); from += BATCH) {
      int count = Math.min(BATCH, shape.cells() - from);
      new IntersectionMessages.Cells(cells, from, count).send(sender, bucket);
    }
    long[] values = new long[items.length];
    ClusteredOkvs.decode(rows, shares.c(), values, workers);
    shares.wipe();
    if (malicious) {
      byte[] theirs =
          IntersectionMessages.Short.receive(
                  sender, IntersectionMessages.Short.COIN_TAG, bucket, COIN_BYTES)
              .bytes();
      if (!Arrays.equals(commitment(bucket, theirs), commitment)) {
        throw sender.violation("the coin that was committed to", "another one");
      }
      bind(values, rows, items, coin, theirs);
    }
    return new Values(values, rows.places());
  }

  @Override
  public Values send(RecordedChannel receiver, int bucket, long[] items, int receiverItems) {
    byte[] coin = new byte[COIN_BYTES];
    ClusteredOkvs.Shape shape = ClusteredOkvs.Shape.of(receiverItems);
    ClusteredOkvs.Rows early = null;
    if (malicious) {
      random.nextBytes(coin);
      new IntersectionMessages.Short(commitment(bucket, coin))
          .send(receiver, IntersectionMessages.Short.COMMITMENT_TAG, bucket);
    } else {
      // Hashed while the receiver encodes.
      early = receiveSeed(receiver, bucket, shape, items);
    }
    VoleSenderShares shares =
        new VoleSender(voleParameters(bucket, shape), random, workers).run(channel(receiver));
    ClusteredOkvs.Rows rows = early == null ? receiveSeed(receiver, bucket, shape, items) : early;
    byte[] theirs = new byte[0];
    if (malicious) {
      theirs =
          IntersectionMessages.Short.receive(
                  receiver, IntersectionMessages.Short.COIN_TAG, bucket, COIN_BYTES)
              .bytes();
    }
    long[] values = new long[items.length];
    try (Gf128Multiplier delta = new Gf128Multiplier(shares.delta0(), shares.delta1())) {
      long[] key = shares.b();
      long[] batch = new long[2 * BATCH];
      for (int from = 0; from < shape.cells(); from += BATCH) {
        int count = Math.min(BATCH, shape.cells() - from);
        IntersectionMessages.Cells.receive(receiver, bucket, batch, 0, count);
        delta.multiplyAdd(batch, 0, key, from, count);
      }
      workers.split(
          rows.count(), (from, to) -> delta.multiply(rows.hashes(), from, values, from, to - from));
      ClusteredOkvs.decode(rows, key, values, workers);
    }
    shares.wipe();
    if (malicious) {
      new IntersectionMessages.Short(coin)
          .send(receiver, IntersectionMessages.Short.COIN_TAG, bucket);
      bind(values, rows, items, theirs, coin);
    }
    return new Values(values, rows.places());
  }

  private void sendSeed(RecordedChannel sender, int bucket, byte[] seed) {
    new IntersectionMessages.Short(seed).send(sender, IntersectionMessages.Short.SEED_TAG, bucket);
  }

  private ClusteredOkvs.Rows receiveSeed(
      RecordedChannel receiver, int bucket, ClusteredOkvs.Shape shape, long[] items) {
    byte tag = IntersectionMessages.Short.SEED_TAG;
    byte[] seed =
        IntersectionMessages.Short.receive(receiver, tag, bucket, ClusteredOkvs.SEED_BYTES).bytes();
    return ClusteredOkvs.Rows.of(shape, seed, items, workers);
  }

  private VoleParameters voleParameters(int bucket, ClusteredOkvs.Shape shape) {
    Digest session = Digest.of(text("vole", bucket));
    return new VoleParameters(session, shape.cells(), malicious);
  }

  private String text(String kind, int bucket) {
    return IntersectionParameters.PROTOCOL + "/" + kind + "/" + parameters + "/" + bucket;
  }

  private byte[] commitment(int bucket, byte[] coin) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update(text("coin", bucket).getBytes(StandardCharsets.US_ASCII));
    return sha256.digest(coin);
  }

  /** values[row] = the front of SHA-256 of both coins, the value and the row's item. */
  private void bind(
      long[] values, ClusteredOkvs.Rows rows, long[] items, byte[] receivers, byte[] senders) {
    int[] places = rows.places();
    workers.split(
        rows.count(),
        (from, to) -> {
          MessageDigest sha256 = Digest.sha256();
          byte[] input = new byte[48];
          byte[] hash = new byte[32];
          for (int i = 0; i < COIN_BYTES; i++) {
            input[i] = (byte) (receivers[i] ^ senders[i]);
          }
          for (int row = from; row < to; row++) {
            LITTLE_LONG.set(input, 16, values[2 * row]);
            LITTLE_LONG.set(input, 24, values[2 * row + 1]);
            LITTLE_LONG.set(input, 32, items[2 * places[row]]);
            LITTLE_LONG.set(input, 40, items[2 * places[row] + 1]);
            sha256.update(input, 0, input.length);
            try {
              sha256.digest(hash, 0, hash.length);
            } catch (DigestException e) {
              throw new IllegalStateException(e);
            }
            values[2 * row] = (long) LITTLE_LONG.get(hash, 0);
            values[2 * row + 1] = (long) LITTLE_LONG.get(hash, 8);
          }
        });
  }

  /** Lets VOLE talk on the conversation's channel, its tags apart from the own ones. */
  private static Channel channel(RecordedChannel peer) {
    return peer.within(IntersectionMessages.VOLE_TAGS);
  }
}

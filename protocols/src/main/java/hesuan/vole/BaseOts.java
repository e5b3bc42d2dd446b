package hesuan.vole;

import hesuan.group.Element;
import hesuan.group.FixedBase;
import hesuan.group.HashToGroup;
import hesuan.group.Scalar;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One-round oblivious transfer of random keys in ristretto255 (Masny and Rindal 2019, the Diffie-
 * Hellman instance): the sender comes out with two keys for each transfer, the receiver with the
 * one that it chose. Secure against either side deviating, with the hashes as random oracles.
 */
final class BaseOts {
  static final int KEY_BYTES = 16;
  private static final int POINT = Element.BYTES;
  private static final String DOMAIN = "hesuan/vole/1/base-ot";

  private final byte[] session;
  private final int count;

  BaseOts(Digest session, int count) {
    this.session = session.bytes();
    this.count = count;
  }

  /** The side with two keys for each transfer. */
  final class Sender {
    private final Scalar secret;
    private final byte[] key;

    Sender(SecureRandom random) {
      secret = Scalar.random(random);
      key = Element.GENERATOR.times(secret).encode();
    }

    /** First message. */
    byte[] key() {
      return key.clone();
    }

    int replyBytes() {
      return count * 2 * POINT;
    }

    /** Keys in order: transfer 0 choice 0, transfer 0 choice 1, transfer 1 choice 0 ... */
    byte[] keys(byte[] points, Peer peer, Workers workers) {
      byte[] keys = new byte[count * 2 * KEY_BYTES];
      AtomicInteger bad = new AtomicInteger();
      workers.split(
          count,
          (from, to) -> {
            HashToGroup hash = new HashToGroup(DOMAIN);
            for (int i = from; i < to; i++) {
              if (!both(hash, points, i, keys)) {
                bad.incrementAndGet();
              }
            }
          });
      if (bad.get() > 0) {
        throw peer.violation("elements of ristretto255", bad.get() + " others");
      }
      return keys;
    }

    private boolean both(HashToGroup hash, byte[] points, int i, byte[] keys) {
      byte[] zero = point(points, i, 0);
      byte[] one = point(points, i, 1);
      Optional<Element> first = Element.decode(zero);
      Optional<Element> second = Element.decode(one);
      if (first.isEmpty() || second.isEmpty()) {
        return false;
      }
      Element publicZero = first.get().plus(mask(hash, i, 0, one));
      Element publicOne = second.get().plus(mask(hash, i, 1, zero));
      if (publicZero.isIdentity() || publicOne.isIdentity()) {
        return false;
      }
      derive(i, 0, zero, one, key, publicZero.times(secret), keys, 2 * i);
      derive(i, 1, zero, one, key, publicOne.times(secret), keys, 2 * i + 1);
      return true;
    }
  }

  /** The side with one key for each transfer. */
  final class Receiver {
    private final byte[] points = new byte[count * 2 * POINT];
    private final byte[] secrets;
    private final byte[] choices;

    /** Choices are one byte each, 0 or 1. */
    Receiver(byte[] choices, SecureRandom random) {
      this.choices = choices.clone();
      secrets = new byte[count * Scalar.BYTES];
      HashToGroup hash = new HashToGroup(DOMAIN);
      FixedBase generator = new FixedBase(Element.GENERATOR);
      byte[] uniform = new byte[64];
      for (int i = 0; i < count; i++) {
        Scalar secret = Scalar.random(random);
        random.nextBytes(uniform);
        byte[] other = Element.map(uniform).encode();
        int choice = choices[i];
        Element chosen = generator.times(secret).minus(mask(hash, i, choice, other));
        put(i, choice, chosen.encode(), other);
        secret.copyTo(secrets, i * Scalar.BYTES);
      }
      Arrays.fill(uniform, (byte) 0);
    }

    /** The chosen point at the place of the choice, the other beside it; no branch or index. */
    private void put(int i, int choice, byte[] chosen, byte[] other) {
      int at = 2 * i * POINT;
      for (int k = 0; k < POINT; k++) {
        int swap = (chosen[k] ^ other[k]) & -choice;
        points[at + k] = (byte) (chosen[k] ^ swap);
        points[at + POINT + k] = (byte) (other[k] ^ swap);
      }
    }

    /** The reply to the sender's key. */
    byte[] points() {
      return points.clone();
    }

    /** The chosen keys; to be called once: it wipes what it needs. */
    byte[] keys(byte[] senderKey, Peer peer) {
      Element element =
          Element.decode(senderKey)
              .filter(e -> !e.isIdentity())
              .orElseThrow(() -> peer.violation("an element of ristretto255", "another"));
      FixedBase base = new FixedBase(element);
      byte[] keys = new byte[count * KEY_BYTES];
      for (int i = 0; i < count; i++) {
        Element shared = base.times(Scalar.ofEncoding(secrets, i * Scalar.BYTES));
        byte[] zero = point(points, i, 0);
        derive(i, choices[i], zero, point(points, i, 1), senderKey, shared, keys, i);
      }
      Arrays.fill(secrets, (byte) 0);
      Arrays.fill(choices, (byte) 0);
      return keys;
    }
  }

  private static byte[] point(byte[] points, int i, int choice) {
    int at = (2 * i + choice) * POINT;
    return Arrays.copyOfRange(points, at, at + POINT);
  }

  private Element mask(HashToGroup hash, int i, int choice, byte[] other) {
    return hash.hash(
        ByteBuffer.allocate(32 + 5 + POINT)
            .put(session)
            .putInt(i)
            .put((byte) choice)
            .put(other)
            .array());
  }

  private void derive(
      int i, int choice, byte[] zero, byte[] one, byte[] key, Element shared, byte[] to, int at) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update((DOMAIN + "/key").getBytes(StandardCharsets.US_ASCII));
    sha256.update(session);
    sha256.update(ByteBuffer.allocate(5).putInt(i).put((byte) choice).array());
    sha256.update(zero);
    sha256.update(one);
    sha256.update(key);
    byte[] digest = sha256.digest(shared.encode());
    System.arraycopy(digest, 0, to, at * KEY_BYTES, KEY_BYTES);
    Arrays.fill(digest, (byte) 0);
  }
}

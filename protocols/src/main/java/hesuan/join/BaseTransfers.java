package hesuan.join;

import hesuan.channel.RecordedChannel;
import hesuan.group.Element;
import hesuan.group.Scalar;
import hesuan.wire.Digest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * The 128 oblivious transfers of keys from which {@link Transfers} makes any number: the giver
 * holds two keys for each, the taker the one of its choice, and the giver doesn't know which.
 */
final class BaseTransfers {
  static final int COUNT = 128;
  static final int KEY_BYTES = 16;
  private static final byte KEY = 5;
  private static final byte CHOICES = 6;

  private BaseTransfers() {}

  /** keys[i][c] is the giver's key of transfer i for choice c. */
  static byte[][][] give(RecordedChannel channel, Digest session, SecureRandom random) {
    Scalar secret = Scalar.random(random);
    Element shown = Element.GENERATOR.times(secret);
    Element shift = shown.times(secret);
    byte[] encoded = shown.encode();
    channel.send(KEY, encoded);
    byte[] choices = channel.receiveExactly(CHOICES, COUNT * Element.BYTES);
    byte[][][] keys = new byte[COUNT][2][];
    for (int i = 0; i < COUNT; i++) {
      byte[] choice = Arrays.copyOfRange(choices, i * Element.BYTES, (i + 1) * Element.BYTES);
      Element shared = element(channel, choice).times(secret);
      keys[i][0] = key(session, i, encoded, choice, shared);
      keys[i][1] = key(session, i, encoded, choice, shared.minus(shift));
    }
    return keys;
  }

  /** The key for each choice, a bit each, least bit of the first long first. */
  static byte[][] take(
      RecordedChannel channel, Digest session, long[] choices, SecureRandom random) {
    byte[] encoded = channel.receiveExactly(KEY, Element.BYTES);
    Element shown = element(channel, encoded);
    ByteBuffer body = ByteBuffer.allocate(COUNT * Element.BYTES);
    Scalar[] secrets = new Scalar[COUNT];
    byte[][] said = new byte[COUNT][];
    for (int i = 0; i < COUNT; i++) {
      secrets[i] = Scalar.random(random);
      Element[] either = {Element.GENERATOR.times(secrets[i]), null};
      either[1] = either[0].plus(shown);
      byte[][] encodings = {either[0].encode(), either[1].encode()};
      said[i] = selected(encodings, (int) (choices[i / 64] >>> i) & 1);
      body.put(said[i]);
    }
    channel.send(CHOICES, body.array());
    byte[][] keys = new byte[COUNT][];
    for (int i = 0; i < COUNT; i++) {
      keys[i] = key(session, i, encoded, said[i], shown.times(secrets[i]));
    }
    return keys;
  }

  /** Without a branch on the choice. */
  private static byte[] selected(byte[][] two, int choice) {
    byte[] selected = new byte[two[0].length];
    for (int k = 0; k < selected.length; k++) {
      selected[k] = (byte) (two[0][k] ^ (two[0][k] ^ two[1][k]) & -choice);
    }
    return selected;
  }

  private static Element element(RecordedChannel channel, byte[] encoding) {
    return Element.decode(encoding)
        .filter(e -> !e.isIdentity())
        .orElseThrow(
            () ->
                channel.violation("an encoded element other than the identity", "another string"));
  }

  private static byte[] key(
      Digest session, int number, byte[] shown, byte[] choice, Element shared) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update((JoinParameters.PROTOCOL + "/base/").getBytes(StandardCharsets.US_ASCII));
    sha256.update(session.bytes());
    sha256.update(ByteBuffer.allocate(4).putInt(0, number));
    sha256.update(shown);
    sha256.update(choice);
    sha256.update(shared.encode());
    return Arrays.copyOf(sha256.digest(), KEY_BYTES);
  }
}

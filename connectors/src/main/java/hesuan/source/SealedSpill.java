package hesuan.source;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.UUID;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.KeyGenerator;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;

/**
 * Pieces of data that memory has no room for, in a file that only this object can read: each is
 * sealed with AES-GCM under a key that is nowhere else, the number of the piece its nonce. Where
 * the system allows it the file has no name from the start, so that it is gone with the process,
 * however that ends. One thread appends; several may then read.
 */
final class SealedSpill implements AutoCloseable {
  private static final int KEY_BITS = 256;
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BYTES = 16;

  /** Seen by the test that looks for ids in it. */
  final FileChannel file;

  private final SecretKey key;
  private final long bytesMax;
  private long[] starts = new long[64];
  private int pieces;

  SealedSpill(Path folder, long bytesMax) {
    this.bytesMax = bytesMax;
    key = key();
    try {
      Files.createDirectories(folder);
      Path path = folder.resolve("people-" + UUID.randomUUID());
      Files.createFile(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      file =
          FileChannel.open(
              path,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE);
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  private static SecretKey key() {
    try {
      KeyGenerator keys = KeyGenerator.getInstance("AES");
      keys.init(KEY_BITS);
      return keys.generateKey();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The number of the piece. */
  int append(byte[] bytes, int length) {
    if (pieces + 1 == starts.length) {
      starts = Arrays.copyOf(starts, 2 * starts.length);
    }
    long start = starts[pieces];
    if (start + length + TAG_BYTES > bytesMax) {
      throw new ProblemException(
          ErrorCode.LIMIT_EXCEEDED,
          "spill directory",
          "at most " + (bytesMax >> 20) + " MB of spilled people",
          "more");
    }
    try {
      ByteBuffer sealed =
          ByteBuffer.wrap(cipher(Cipher.ENCRYPT_MODE, pieces).doFinal(bytes, 0, length));
      for (long at = start; sealed.hasRemaining(); at = start + sealed.position()) {
        file.write(sealed, at);
      }
      starts[pieces + 1] = start + sealed.capacity();
      return pieces++;
    } catch (IOException e) {
      throw unusable(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A piece as it was; refused when it is no longer that. */
  byte[] read(int piece) {
    long start = starts[piece];
    ByteBuffer sealed = ByteBuffer.allocate((int) (starts[piece + 1] - start));
    try {
      while (sealed.hasRemaining()) {
        if (file.read(sealed, start + sealed.position()) < 0) {
          throw changed();
        }
      }
      return cipher(Cipher.DECRYPT_MODE, piece).doFinal(sealed.array());
    } catch (AEADBadTagException e) {
      throw changed();
    } catch (IOException e) {
      throw unusable(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  long bytes() {
    return starts[pieces];
  }

  private Cipher cipher(int mode, int piece) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    byte[] nonce = ByteBuffer.allocate(NONCE_BYTES).putInt(0, piece).array();
    cipher.init(mode, key, new GCMParameterSpec(8 * TAG_BYTES, nonce));
    return cipher;
  }

  private static ProblemException changed() {
    return new ProblemException(
        ErrorCode.ENVIRONMENT, "spill directory", "what was written there", "something else");
  }

  private static ProblemException unusable(IOException e) {
    return new ProblemException(
        ErrorCode.ENVIRONMENT,
        "spill directory",
        "a directory in which the agent may write, with room",
        e.getClass().getSimpleName());
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw unusable(e);
    }
  }
}

package hesuan.agent.lookup;

import hesuan.wire.Digest;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.CipherInputStream;
import javax.crypto.CipherOutputStream;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * A file that only the store can open: encrypted under a key of its own, named by the store, whole
 * before it has its name, and known again by the digest of its bytes.
 *
 * @param key of this file alone
 * @param digest of what lies on the disk
 */
record SealedFile(String name, byte[] key, Digest digest) {
  private static final int KEY_BYTES = 32;
  private static final int BUFFER_BYTES = 1 << 16;

  interface Content {
    void write(DataOutputStream out) throws IOException;
  }

  interface Reading<T> {
    T read(DataInputStream in) throws IOException;
  }

  static SealedFile write(Path folder, String name, SecureRandom random, Content content)
      throws IOException {
    Files.createDirectories(folder);
    byte[] key = new byte[KEY_BYTES];
    random.nextBytes(key);
    Path part = folder.resolve(name + ".part");
    Files.deleteIfExists(part);
    Files.createFile(
        part, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    MessageDigest sha256 = Digest.sha256();
    OutputStream sealing =
        new CipherOutputStream(
            new DigestOutputStream(Files.newOutputStream(part), sha256),
            cipher(Cipher.ENCRYPT_MODE, key));
    try (DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(sealing, BUFFER_BYTES))) {
      content.write(out);
    }
    try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.move(part, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    return new SealedFile(name, key, new Digest(HexFormat.of().formatHex(sha256.digest())));
  }

  /**
   * @throws IOException also where the file is not the one that was written
   */
  <T> T read(Path folder, Reading<T> reading) throws IOException {
    MessageDigest sha256 = Digest.sha256();
    try (InputStream opening =
            new CipherInputStream(
                new DigestInputStream(Files.newInputStream(folder.resolve(name)), sha256),
                cipher(Cipher.DECRYPT_MODE, key));
        DataInputStream in = new DataInputStream(new BufferedInputStream(opening, BUFFER_BYTES))) {
      T read = reading.read(in);
      if (in.read() >= 0) {
        throw new IOException(name + " goes on where it should end");
      }
      if (!HexFormat.of().formatHex(sha256.digest()).equals(digest.hex())) {
        throw new IOException(name + " is not the file that was written");
      }
      return read;
    }
  }

  /** Counter mode under a key of its own for each file: the first block can be the same. */
  private static Cipher cipher(int mode, byte[] key) {
    try {
      Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
      cipher.init(mode, new SecretKeySpec(key, "AES"), new IvParameterSpec(new byte[16]));
      return cipher;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}

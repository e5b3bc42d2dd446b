package hesuan.identity;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * Key files: owner-only, and always whole, because a new one is written beside the old one, synced
 * and renamed over it. An identity (key, certificate, root) is one PEM file, so that a crash never
 * leaves a key beside another key's certificate.
 */
public final class KeyFiles {
  private static final String KEY_BEGIN = "-----BEGIN PRIVATE KEY-----";
  private static final String KEY_END = "-----END PRIVATE KEY-----";
  private static final int FILE_BYTES_MAX = 64 << 10;

  private KeyFiles() {}

  public static void write(Path file, Identity identity) throws IOException {
    StringBuilder text = new StringBuilder();
    pem(text, "PRIVATE KEY", identity.key().getEncoded());
    pem(text, "CERTIFICATE", Certificates.encoded(identity.certificate()));
    pem(text, "CERTIFICATE", Certificates.encoded(identity.root()));
    writePrivately(file, text.toString().getBytes(StandardCharsets.US_ASCII));
  }

  public static Identity read(Path file) throws IOException {
    if (Files.size(file) > FILE_BYTES_MAX) {
      throw unreadable(file, "a larger file");
    }
    String text = Files.readString(file, StandardCharsets.US_ASCII);
    int begin = text.indexOf(KEY_BEGIN);
    int end = text.indexOf(KEY_END);
    if (begin < 0 || end < begin) {
      throw unreadable(file, "no private key");
    }
    try {
      byte[] der = Base64.getMimeDecoder().decode(text.substring(begin + KEY_BEGIN.length(), end));
      PrivateKey key = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der));
      Collection<? extends Certificate> certificates =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(
                  new ByteArrayInputStream(
                      text.substring(end + KEY_END.length())
                          .strip()
                          .getBytes(StandardCharsets.US_ASCII)));
      List<X509Certificate> all = certificates.stream().map(X509Certificate.class::cast).toList();
      if (all.size() != 2) {
        throw unreadable(file, all.size() + " certificates");
      }
      return new Identity(key, all.get(0), all.get(1));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw unreadable(file, "damaged PEM");
    }
  }

  /** Replaces or creates the file with rights 0600; whole before the name points to it. */
  public static void writePrivately(Path file, byte[] content) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IOException("no folder for " + file);
    }
    Files.createDirectories(folder);
    Path fresh = folder.resolve(file.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    try (FileChannel out =
        FileChannel.open(
            fresh,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      ByteBuffer buffer = ByteBuffer.wrap(content);
      while (buffer.hasRemaining()) {
        out.write(buffer);
      }
      out.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
      directory.force(true);
    }
  }

  private static void pem(StringBuilder text, String label, byte[] der) {
    text.append("-----BEGIN ").append(label).append("-----\n");
    text.append(Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der));
    text.append("\n-----END ").append(label).append("-----\n");
  }

  private static ProblemException unreadable(Path file, String found) {
    return new ProblemException(
        ErrorCode.ENVIRONMENT, file.toString(), "a key and two certificates in PEM", found);
  }
}

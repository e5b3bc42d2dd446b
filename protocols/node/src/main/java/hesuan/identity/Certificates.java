package hesuan.identity;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Set;

/** The checks that make a certificate count, the same on every connection of every kind. */
public final class Certificates {
  static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
  static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
  private static final int CERTIFICATE_BYTES_MAX = 8 << 10;

  private Certificates() {}

  /**
   * Checks a peer's chain against the federation's root: signature, dates at {@code now}, key use
   * for that side of TLS, and a SPIFFE id in the root's own federation, which it returns.
   */
  public static SpiffeId verify(
      List<X509Certificate> chain, X509Certificate root, Instant now, boolean peerIsServer) {
    X509Certificate leaf = leaf(chain, root);
    checkDates(leaf, now);
    checkSignature(leaf, root, now);
    checkUse(leaf, peerIsServer ? SERVER_AUTH : CLIENT_AUTH);
    SpiffeId id = SpiffeId.of(leaf);
    if (!id.federation().equals(federation(root))) {
      throw refused("federation", federation(root), id.federation());
    }
    return id;
  }

  /** Exactly the leaf, or the leaf and the root: this authority has no intermediates. */
  private static X509Certificate leaf(List<X509Certificate> chain, X509Certificate root) {
    if (chain.isEmpty() || chain.size() > 2) {
      throw refused("chain", "the leaf, then at most the root", chain.size() + " certificates");
    }
    if (chain.size() == 2 && !chain.get(1).equals(root)) {
      throw refused("chain", "root " + digest(root).hex(), "issuer " + digest(chain.get(1)).hex());
    }
    return chain.getFirst();
  }

  private static void checkDates(X509Certificate leaf, Instant now) {
    Instant from = leaf.getNotBefore().toInstant();
    Instant until = leaf.getNotAfter().toInstant();
    if (now.isBefore(from) || now.isAfter(until)) {
      throw refused(
          "validity of " + SpiffeId.of(leaf), from + " to " + until, "the time here is " + now);
    }
  }

  private static void checkSignature(X509Certificate leaf, X509Certificate root, Instant now) {
    try {
      PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
      parameters.setRevocationEnabled(
          false); // certificates live for hours; a party is frozen by id
      parameters.setDate(Date.from(now));
      CertPathValidator.getInstance("PKIX")
          .validate(
              CertificateFactory.getInstance("X.509").generateCertPath(List.of(leaf)), parameters);
    } catch (CertPathValidatorException e) {
      throw refused(
          "issuer", "this federation's root " + digest(root).hex(), "a certificate of another");
    } catch (CertificateException | InvalidAlgorithmParameterException e) {
      throw refused("certificate", "a valid path", "a malformed certificate");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has PKIX", e);
    }
  }

  private static void checkUse(X509Certificate leaf, String use) {
    try {
      List<String> uses = leaf.getExtendedKeyUsage();
      if (uses == null || !uses.contains(use)) {
        throw refused("key use", use, uses == null ? "none" : String.join(", ", uses));
      }
    } catch (CertificateException e) {
      throw refused("key use", use, "malformed");
    }
    if (leaf.getBasicConstraints() != -1) {
      throw refused("certificate", "an end entity", "an authority");
    }
  }

  /** The federation that a root stands for, from its own URI name. */
  static String federation(X509Certificate root) {
    return SpiffeId.of(root).federation();
  }

  /** The SHA-256 of the certificate's DER bytes. */
  public static Digest digest(X509Certificate certificate) {
    return Digest.of(encoded(certificate));
  }

  public static byte[] encoded(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a parsed certificate encodes", e);
    }
  }

  /** Reads one DER certificate. */
  public static X509Certificate decode(byte[] der) {
    if (der.length > CERTIFICATE_BYTES_MAX) {
      throw refused("certificate", "at most " + CERTIFICATE_BYTES_MAX + " bytes", der.length + "");
    }
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der));
    } catch (CertificateException e) {
      throw refused("certificate", "a DER certificate", "unreadable bytes");
    }
  }

  /** A fresh P-256 key. */
  public static KeyPair newKey(SecureRandom random) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), random);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has P-256", e);
    }
  }

  static void checkP256(java.security.PublicKey key) {
    if (!(key instanceof ECPublicKey ec)
        || ec.getParams().getOrder().bitLength() != 256
        || !ec.getParams().toString().contains("secp256r1")) {
      throw refused("key", "a P-256 key", key.getAlgorithm());
    }
  }

  static ProblemException refused(String at, String expected, String found) {
    return new ProblemException(ErrorCode.CERTIFICATE_REFUSED, at, expected, found);
  }
}

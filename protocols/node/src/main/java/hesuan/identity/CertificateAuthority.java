package hesuan.identity;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * The federation's root: one self-signed P-256 certificate, whose key stays in one file of the
 * coordinator and signs short-lived leaves only.
 *
 * <p>It is run by the coordinator, which the parties do not trust with their data: a certificate
 * from here opens a connection, and the contract's pinned keys decide who is at its other end.
 */
public final class CertificateAuthority {
  public static final Duration LEAF_LIFETIME_MAX = Duration.ofHours(24);
  private static final Duration ROOT_LIFETIME = Duration.ofDays(3650);

  /** A leaf begins a little before now, for clocks that run behind the coordinator's. */
  private static final Duration BACKDATE_MAX = Duration.ofMinutes(2);

  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*");

  private final KeyPair key;
  private final X509Certificate root;
  private final Duration leafLifetime;
  private final Clock clock;
  private final SecureRandom random;

  private CertificateAuthority(
      Identity rootIdentity, Duration leafLifetime, Clock clock, SecureRandom random) {
    this.key = new KeyPair(rootIdentity.root().getPublicKey(), rootIdentity.key());
    this.root = rootIdentity.root();
    this.leafLifetime = leafLifetime;
    this.clock = clock;
    this.random = random;
    if (leafLifetime.compareTo(LEAF_LIFETIME_MAX) > 0 || leafLifetime.toSeconds() < 1) {
      throw Certificates.refused(
          "certificate lifetime", "1 s to " + LEAF_LIFETIME_MAX, leafLifetime.toString());
    }
  }

  /** Makes the root key and certificate in that file, which must not exist yet. */
  public static void create(Path file, String federation, Clock clock, SecureRandom random)
      throws IOException {
    if (Files.exists(file)) {
      throw new FileAlreadyExistsException(file.toString());
    }
    KeyPair key = Certificates.newKey(random);
    X500Name name = new X500Name("O=Hesuan,CN=" + federation + " root");
    Instant now = clock.instant();
    X509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            name,
            serial(random),
            Date.from(now.minus(BACKDATE_MAX)),
            Date.from(now.plus(ROOT_LIFETIME)),
            name,
            key.getPublic());
    try {
      builder
          .addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
          .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign))
          .addExtension(
              Extension.subjectKeyIdentifier,
              false,
              new JcaX509ExtensionUtils().createSubjectKeyIdentifier(key.getPublic()))
          .addExtension(
              Extension.subjectAlternativeName,
              false,
              new GeneralNames(uri(SpiffeId.coordinator(federation))));
      X509Certificate root = sign(builder, key);
      KeyFiles.write(file, new Identity(key.getPrivate(), root, root));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has SHA-1 for key identifiers", e);
    }
  }

  public static CertificateAuthority open(
      Path file, Duration leafLifetime, Clock clock, SecureRandom random) throws IOException {
    return new CertificateAuthority(KeyFiles.read(file), leafLifetime, clock, random);
  }

  public X509Certificate root() {
    return root;
  }

  public String federation() {
    return Certificates.federation(root);
  }

  /**
   * A leaf for the key in the request.
   *
   * @param authorised who the caller was found to be, by token or by certificate; the request must
   *     ask for exactly that id
   * @param hosts DNS names and IP addresses besides, for a coordinator that browsers visit
   */
  public X509Certificate issue(CertificateRequest request, SpiffeId authorised, Set<String> hosts) {
    if (!request.id().equals(authorised)) {
      throw Certificates.refused(
          "certificate request", authorised.toString(), request.id().toString());
    }
    Instant now = clock.instant();
    Duration tenth = leafLifetime.dividedBy(10);
    Instant from = now.minus(tenth.compareTo(BACKDATE_MAX) < 0 ? tenth : BACKDATE_MAX);
    X509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            root,
            serial(random),
            Date.from(from),
            Date.from(from.plus(leafLifetime)),
            new X500Name("O=Hesuan,CN=" + commonName(authorised)),
            request.key());
    List<GeneralName> names = new ArrayList<>();
    names.add(uri(authorised));
    hosts.stream().sorted().map(CertificateAuthority::host).forEach(names::add);
    try {
      builder
          .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
          .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
          .addExtension(
              Extension.extendedKeyUsage,
              false,
              new ExtendedKeyUsage(
                  new KeyPurposeId[] {
                    KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth
                  }))
          .addExtension(
              Extension.authorityKeyIdentifier,
              false,
              new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(root))
          .addExtension(
              Extension.subjectAlternativeName,
              false,
              new GeneralNames(names.toArray(GeneralName[]::new)));
      return sign(builder, key);
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException("cannot build a certificate for " + authorised, e);
    }
  }

  /** An identity beside the authority, in one process with it: the coordinator's own. */
  public Identity identity(SpiffeId id, Set<String> hosts) {
    KeyPair fresh = Certificates.newKey(random);
    CertificateRequest request = CertificateRequest.parse(CertificateRequest.create(fresh, id));
    return new Identity(fresh.getPrivate(), issue(request, id, hosts), root);
  }

  private static String commonName(SpiffeId id) {
    return id.isCoordinator() ? "coordinator" : id.requireParty().value();
  }

  private static GeneralName uri(SpiffeId id) {
    return new GeneralName(GeneralName.uniformResourceIdentifier, id.toString());
  }

  private static GeneralName host(String host) {
    return new GeneralName(
        ADDRESS.matcher(host).matches() ? GeneralName.iPAddress : GeneralName.dNSName, host);
  }

  private static BigInteger serial(SecureRandom random) {
    return new BigInteger(127, random).add(BigInteger.ONE);
  }

  private static X509Certificate sign(X509v3CertificateBuilder builder, KeyPair key)
      throws CertIOException {
    try {
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(
                  new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate())));
    } catch (OperatorCreationException | java.security.cert.CertificateException e) {
      throw new CertIOException("cannot sign a certificate", e);
    }
  }
}

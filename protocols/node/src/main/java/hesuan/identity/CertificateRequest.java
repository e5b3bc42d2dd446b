package hesuan.identity;

import hesuan.wire.Digest;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.util.Arrays;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/**
 * A PKCS#10 request whose proof of possession has been checked: who asked holds that key and asks
 * for that id. Whether it may have it is for the {@link CertificateAuthority}'s caller to say.
 */
public record CertificateRequest(PublicKey key, SpiffeId id) {
  private static final int REQUEST_BYTES_MAX = 8 << 10;

  /** The DER bytes of a request for that id, signed with the key. */
  public static byte[] create(KeyPair key, SpiffeId id) {
    try {
      ExtensionsGenerator extensions = new ExtensionsGenerator();
      extensions.addExtension(
          Extension.subjectAlternativeName,
          false,
          new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, id.toString())));
      return new JcaPKCS10CertificationRequestBuilder(new X500Name("O=Hesuan"), key.getPublic())
          .addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate())
          .build(new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate()))
          .getEncoded();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (OperatorCreationException e) {
      throw new IllegalStateException("every JDK signs with P-256", e);
    }
  }

  /** Reads a request from anyone: bounded, P-256, one URI name, a signature by its own key. */
  public static CertificateRequest parse(byte[] der) {
    if (der.length > REQUEST_BYTES_MAX) {
      throw Certificates.refused(
          "certificate request", "at most " + REQUEST_BYTES_MAX + " bytes", der.length + " bytes");
    }
    try {
      JcaPKCS10CertificationRequest request = new JcaPKCS10CertificationRequest(der);
      PublicKey key = request.getPublicKey();
      Certificates.checkP256(key);
      if (!request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
        throw Certificates.refused(
            "certificate request", "a signature by the key in it", "another signature");
      }
      return new CertificateRequest(key, id(request));
    } catch (IOException | PKCSException | OperatorCreationException | GeneralSecurityException e) {
      throw Certificates.refused("certificate request", "PKCS#10 in DER", "unreadable bytes");
    } catch (ProblemException e) {
      throw e;
    } catch (RuntimeException e) {
      // The ASN.1 reader throws almost anything at bytes of the wrong shape.
      throw Certificates.refused("certificate request", "PKCS#10 in DER", "a wrong structure");
    }
  }

  private static SpiffeId id(JcaPKCS10CertificationRequest request) {
    var extensions = request.getRequestedExtensions();
    GeneralNames names =
        extensions == null
            ? null
            : GeneralNames.fromExtensions(extensions, Extension.subjectAlternativeName);
    List<GeneralName> all = names == null ? List.of() : Arrays.asList(names.getNames());
    if (all.size() != 1 || all.getFirst().getTagNo() != GeneralName.uniformResourceIdentifier) {
      throw Certificates.refused(
          "certificate request", "exactly one name, a SPIFFE id", all.size() + " names");
    }
    return SpiffeId.parse(all.getFirst().getName().toString());
  }

  /** Names the key: a token that was used is bound to it. */
  Digest keyDigest() {
    return Digest.of(key.getEncoded());
  }
}

package hesuan.transport;

import hesuan.identity.Certificates;
import hesuan.identity.TlsContexts;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.nio.ByteBuffer;
import java.security.cert.X509Certificate;
import java.util.Base64;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLKeyException;
import javax.net.ssl.SSLSession;

/**
 * The first frame of either side, inside TLS: for which session, from whom, to whom, and a
 * signature by the party's signing keys over that and the TLS session as it saw it. The authority
 * that issued those certificates is run by the coordinator; the signature is what tells the other
 * party from anyone who got a certificate in its name.
 */
record Hello(
    String federation, JobId job, int attempt, PartyId from, PartyId to, String signature) {
  static final int VERSION = 1;
  private static final String LABEL = "hesuan data-plane hello";

  /** What is signed; a field more or less is another protocol. */
  private record Statement(
      String label,
      int version,
      String federation,
      JobId job,
      int attempt,
      PartyId from,
      PartyId to,
      Digest clientCertificate,
      Digest serverCertificate,
      Digest exporter) {}

  /**
   * One TLS session as one side saw it: the certificates of both ends, client being who sent the
   * ClientHello, and the session's exporter value (RFC 9266), which only its two ends know.
   */
  record Ends(X509Certificate client, X509Certificate server, byte[] exporter) {
    private static final String EXPORTER_LABEL = "EXPORTER-Channel-Binding";
    private static final int EXPORTER_BYTES = 32;

    static Ends of(SSLSession session, boolean isClient) {
      X509Certificate ours = (X509Certificate) session.getLocalCertificates()[0];
      X509Certificate theirs = TlsContexts.peerCertificate(session);
      byte[] exporter = exported(session);
      return isClient ? new Ends(ours, theirs, exporter) : new Ends(theirs, ours, exporter);
    }

    private static byte[] exported(SSLSession session) {
      try {
        return ((ExtendedSSLSession) session)
            .exportKeyingMaterialData(EXPORTER_LABEL, new byte[0], EXPORTER_BYTES);
      } catch (SSLKeyException e) {
        throw new IllegalStateException("TLS 1.3 of JDK 25 exports", e);
      }
    }
  }

  SessionId session() {
    return new SessionId(job, attempt);
  }

  static Hello create(
      String federation,
      SessionId session,
      PartyId from,
      PartyId to,
      Ends ends,
      HelloSigner signer) {
    Hello unsigned = new Hello(federation, session.job(), session.attempt(), from, to, "");
    byte[] signature = signer.sign(unsigned.statement(ends));
    return new Hello(
        federation,
        session.job(),
        session.attempt(),
        from,
        to,
        Base64.getEncoder().encodeToString(signature));
  }

  private byte[] statement(Ends ends) {
    return Json.canonical(
        new Statement(
            LABEL,
            VERSION,
            federation,
            job,
            attempt,
            from,
            to,
            Certificates.digest(ends.client()),
            Certificates.digest(ends.server()),
            Digest.of(ends.exporter())));
  }

  /** Checks everything that this side knows better than its peer. */
  void check(
      String expectedFederation,
      SessionId expectedSession,
      PartyId peer,
      PartyId self,
      Ends ends,
      HelloVerifier verifier) {
    if (!federation.equals(expectedFederation)
        || !session().equals(expectedSession)
        || !from.equals(peer)
        || !to.equals(self)) {
      throw new ProblemException(
          ErrorCode.PROTOCOL_VIOLATION,
          peer.value(),
          "hello for " + expectedSession + " from " + peer + " to " + self,
          "hello for " + session() + " from " + from + " to " + to);
    }
    if (!verifier.verifies(statement(ends), decoded(peer))) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED,
          peer.value(),
          "a hello signed with the keys in the contract, over the certificates seen here",
          "another signature: someone may be in between");
    }
  }

  private byte[] decoded(PartyId peer) {
    try {
      return Base64.getDecoder().decode(signature);
    } catch (IllegalArgumentException e) {
      throw new ProblemException(
          ErrorCode.PROTOCOL_VIOLATION, peer.value(), "a signature in Base64", "other text");
    }
  }

  byte[] encode() {
    byte[] json = Json.canonical(this);
    return ByteBuffer.allocate(2 + json.length).putShort((short) VERSION).put(json).array();
  }

  /** The version comes first and is checked first, since the rest may be of another one. */
  static Hello decode(byte[] body, String peer) {
    int version = body.length < 2 ? 0 : ByteBuffer.wrap(body).getShort() & 0xffff;
    if (version != VERSION) {
      throw new ProblemException(
          ErrorCode.PEER_VERSION, peer, "data plane version " + VERSION, "version " + version);
    }
    byte[] json = new byte[body.length - 2];
    System.arraycopy(body, 2, json, 0, json.length);
    try {
      return Json.read(json, Hello.class);
    } catch (ProblemException e) {
      throw new ProblemException(
          ErrorCode.PROTOCOL_VIOLATION, peer, "a hello document", e.problem().found());
    }
  }
}

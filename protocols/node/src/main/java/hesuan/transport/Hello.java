package hesuan.transport;

import hesuan.identity.Certificates;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.nio.ByteBuffer;
import java.security.cert.X509Certificate;
import java.util.Base64;

/**
 * The first frame of either side, inside TLS: for which session, from whom, to whom, and a
 * signature by the party's signing keys over that and both TLS certificates. The authority that
 * issued those certificates is run by the coordinator; the signature is what tells the other party
 * from anyone who got a certificate in its name.
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
      Digest serverCertificate) {}

  /** The two certificates of one TLS session; client is who sent the TLS ClientHello. */
  record Ends(X509Certificate client, X509Certificate server) {}

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
            Certificates.digest(ends.server())));
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

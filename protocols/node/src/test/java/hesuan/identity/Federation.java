package hesuan.identity;

import hesuan.store.Store;
import hesuan.wire.PartyId;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;

/** A federation of a few nodes for tests: a real authority, real keys, a clock of ours. */
public final class Federation {
  public static final PartyId BRAND = new PartyId("brand-a");
  public static final PartyId MALL = new PartyId("mall-b");

  public final CertificateAuthority authority;
  public final JoinTokens tokens;
  public final Enrolment enrolment;
  public final Store store;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();

  public Federation(Path folder, Clock clock, Duration lifetime) {
    try {
      CertificateAuthority.create(folder.resolve("root.pem"), "test", clock, random);
      authority = CertificateAuthority.open(folder.resolve("root.pem"), lifetime, clock, random);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    this.clock = clock;
    tokens = new JoinTokens(Certificates.digest(authority.root()), clock, random);
    enrolment = new Enrolment(authority, tokens);
    store = Store.open(folder.resolve("state.db"), JoinTokens.SCHEMA);
  }

  public String token(PartyId party) {
    return store.inTransaction("token", t -> tokens.issue(t, party, "agent")).text();
  }

  public Identity identity(SpiffeId id) {
    return authority.identity(id, Set.of("localhost"));
  }

  public LiveIdentity party(PartyId party) {
    return new LiveIdentity(identity(SpiffeId.party("test", party)));
  }

  public TlsContexts tls(PartyId party) {
    return new TlsContexts(party(party), clock);
  }

  public TlsContexts coordinator() {
    return new TlsContexts(new LiveIdentity(identity(SpiffeId.coordinator("test"))), clock);
  }
}

package hesuan.identity;

import hesuan.wire.PartyId;
import java.util.concurrent.atomic.AtomicReference;

/** The identity that holds now; renewal replaces it while connections come and go. Thread-safe. */
public final class LiveIdentity {
  private final AtomicReference<Identity> current;

  public LiveIdentity(Identity first) {
    this.current = new AtomicReference<>(first);
  }

  public Identity current() {
    return current.get();
  }

  public PartyId party() {
    return current().id().requireParty();
  }

  /** A renewed identity speaks for the same id under the same root. */
  public void replace(Identity next) {
    current.updateAndGet(
        now -> {
          if (!now.id().equals(next.id()) || !now.root().equals(next.root())) {
            throw new IllegalArgumentException(next + " cannot follow " + now);
          }
          return next;
        });
  }
}

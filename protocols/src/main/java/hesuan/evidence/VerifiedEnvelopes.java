package hesuan.evidence;

import hesuan.wire.ProblemException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The last envelopes that verified, so that documents which stand for long (products, contracts)
 * are not verified again for every job. What is remembered is the whole envelope and the whole keys
 * under which it verified; another byte in either is another entry. Nothing that failed is
 * remembered.
 *
 * <p>Thread-safe.
 */
public final class VerifiedEnvelopes {
  private static final int ENTRIES_MAX = 512;

  /** In characters; larger documents are verified each time. */
  private static final int PAYLOAD_MAX = 64 << 10;

  private record Verified(Envelope envelope, String type, PartyKeys keys) {}

  private final Map<Verified, Boolean> last =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Verified, Boolean> eldest) {
          return size() > ENTRIES_MAX;
        }
      };

  /**
   * As {@link Envelope#verify}.
   *
   * @throws ProblemException SIGNATURE_REFUSED
   */
  public byte[] verify(Envelope envelope, String expectedType, PartyKeys keys) {
    Verified asked = new Verified(envelope, expectedType, keys);
    synchronized (last) {
      if (last.get(asked) != null) {
        return envelope.unverifiedPayload();
      }
    }
    byte[] payload = envelope.verify(expectedType, keys);
    if (envelope.payload().length() <= PAYLOAD_MAX) {
      synchronized (last) {
        last.put(asked, true);
      }
    }
    return payload;
  }
}

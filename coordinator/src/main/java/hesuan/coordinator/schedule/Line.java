package hesuan.coordinator.schedule;

import hesuan.control.ToAgent;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import java.util.function.Supplier;

/** How parties are reached. Sending never blocks and may lose a message: it is said again. */
public interface Line {
  boolean connected(PartyId party);

  /** When a party that is not connected was last heard. */
  long goneSinceMillis(PartyId party);

  /** What ended the line of a party that is not connected, or that there was none yet. */
  Problem whyGone(PartyId party);

  /**
   * @param key one message of a key is enough: a newer one takes the place of an unsent older one
   * @param message made when it can be sent
   */
  void send(PartyId to, String key, Supplier<ToAgent> message);
}

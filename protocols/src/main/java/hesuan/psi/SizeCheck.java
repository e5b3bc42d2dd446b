package hesuan.psi;

/** Decides on the size that a peer tells, before anything is said that depends on own items. */
@FunctionalInterface
public interface SizeCheck {
  SizeCheck NONE = peerItems -> {};

  /**
   * Refuses by a ProblemException, which ends the run.
   *
   * @param peerItems as the peer tells them, padding included
   */
  void told(int peerItems);
}

package hesuan.transport;

/**
 * How long a peer has said nothing, counted in beats of our own: whoever beats while hearing
 * nothing for {@link #BEATS_MAX} beats may give the peer up. A clock would also count the time in
 * which this process stood still itself (a long collection, a stopped or suspended process, a
 * machine with other work) and what the peer said meanwhile lies unread; beats do not happen then.
 * So they must be spaced by a delay, never caught up. One thread beats, any thread hears.
 */
final class Silence {
  static final long BEAT_MILLIS = 500;

  /** A peer beats as often, so that seven in a row are lost, or its process stands still. */
  static final int BEATS_MAX = 7;

  private volatile boolean heard = true;
  private volatile boolean occupied;
  private volatile int beats;

  void heard() {
    heard = true;
  }

  /** What keeps us from listening is no silence of the peer's. */
  void occupied(Runnable work) {
    occupied = true;
    try {
      work.run();
    } finally {
      heard = true;
      occupied = false;
    }
  }

  /** A beat of the one thread that beats; how many there were since something was heard. */
  int beat() {
    boolean silent = !heard && !occupied;
    heard = false;
    beats = silent ? beats + 1 : 0;
    return beats;
  }

  /** For how long nothing has been heard, to within a beat. */
  long millis() {
    return beats * BEAT_MILLIS;
  }
}

package hesuan.evidence;

import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a verifier brings along: whose keys it believes, and for when. From the contract, the
 * enrolment or a colleague's file, never from what is being verified.
 *
 * @param federation the first part of the origins of this federation's logs
 */
public record TrustedKeys(String federation, List<Entry> entries) {
  private static final Pattern FEDERATION = Pattern.compile("[a-z0-9][a-z0-9._-]{0,99}");

  /**
   * @param fromSeconds first second in which a signature counts (Unix time)
   * @param untilSeconds first second in which it no longer does
   */
  public record Entry(PartyKeys keys, long fromSeconds, long untilSeconds) {
    public static final long FOREVER_SECONDS = (1L << 53) - 1;

    public Entry {
      if (fromSeconds < 0 || untilSeconds <= fromSeconds) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            "untilSeconds",
            "later than fromSeconds",
            fromSeconds + " to " + untilSeconds);
      }
    }

    boolean counts(long atSeconds) {
      return fromSeconds <= atSeconds && atSeconds < untilSeconds;
    }
  }

  public TrustedKeys {
    if (!FEDERATION.matcher(federation).matches()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "federation", FEDERATION.pattern(), federation);
    }
    entries = List.copyOf(entries);
  }

  /** Believes these keys at any time. */
  public static TrustedKeys always(String federation, List<PartyKeys> keys) {
    return new TrustedKeys(
        federation, keys.stream().map(each -> new Entry(each, 0, Entry.FOREVER_SECONDS)).toList());
  }

  /**
   * The key sets of that party which count in that second; more than one while a set is changed.
   */
  public List<PartyKeys> keysOf(PartyId party, long atSeconds) {
    return entriesOf(party).stream().filter(e -> e.counts(atSeconds)).map(Entry::keys).toList();
  }

  /** Every entry of that party, whatever the time. */
  List<Entry> entriesOf(PartyId party) {
    return entries.stream().filter(e -> e.keys().party().equals(party)).toList();
  }
}

package hesuan.log;

import hesuan.evidence.Envelope;
import hesuan.evidence.JobRecord;
import hesuan.evidence.Leaf;
import hesuan.evidence.Receipt;
import hesuan.evidence.Statement;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What lies beside a leaf and opens it: stored by the log's owner, shown only in receipts. The
 * file's name holds index and envelope digest, so that a listing is enough to find both.
 */
record LogRecord(
    Statement.Kind kind,
    Envelope envelope,
    List<Envelope> consents,
    String salt,
    long hour,
    List<Receipt.KeyHint> keys) {
  private static final String ROOT = "records";
  private static final Pattern FILE =
      Pattern.compile("records/((?:x[0-9]{3}/)*)([0-9]{3})\\.([0-9a-f]{64})\\.json");

  /** A record before the log has given it salt and hour. */
  record Draft(
      Statement.Kind kind, Envelope envelope, List<Envelope> consents, List<Receipt.KeyHint> keys) {
    LogRecord seal(byte[] salt, long hour) {
      return new LogRecord(
          kind, envelope, consents, Base64.getEncoder().encodeToString(salt), hour, keys);
    }
  }

  LogRecord {
    consents = List.copyOf(consents);
    keys = List.copyOf(keys);
  }

  Leaf leaf() {
    return Leaf.commit(kind, saltBytes(), envelope, hour);
  }

  /** The leaf commits to the envelope alone; its statement commits to the consents. */
  boolean consentsAreThoseOfTheStatement() {
    List<Digest> named =
        Statement.read(envelope.unverifiedPayload()).predicate() instanceof JobRecord job
            ? job.consents()
            : List.of();
    return consents.stream().map(Envelope::digest).toList().equals(named);
  }

  byte[] saltBytes() {
    return Base64.getDecoder().decode(salt);
  }

  static String path(long index, Digest envelope) {
    return ROOT + "/" + Tiles.number(index) + "." + envelope + ".json";
  }

  /** Every record that is there, by index; files that are no records are left alone. */
  static Map<Long, Digest> listAll(Disk disk) throws IOException {
    Map<Long, Digest> found = new HashMap<>();
    Deque<String> directories = new ArrayDeque<>(List.of(ROOT));
    for (String directory; (directory = directories.poll()) != null; ) {
      for (String name : disk.list(directory)) {
        String path = directory + "/" + name;
        Matcher m = FILE.matcher(path);
        if (m.matches()) {
          long index = Long.parseLong(m.group(1).replaceAll("[x/]", "") + m.group(2));
          Digest before = found.put(index, new Digest(m.group(3)));
          if (before != null) {
            throw new ProblemException(
                ErrorCode.ENVIRONMENT, path, "one record of an entry", "two");
          }
        } else if (name.startsWith("x")) {
          directories.add(path);
        }
      }
    }
    return found;
  }
}

package hesuan.evidence;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The state of a log, as its owner signs it: a C2SP signed note (signed-note, tlog-checkpoint) of
 * origin, size and root, with an Ed25519 line (type 0x01) and an ML-DSA-44 line (type 0x06, as in
 * tlog-cosignature). We demand both of the owner, and take no extension lines.
 *
 * @param origin {@code <federation>/<party>}: the log's name and the name of its keys
 */
public record Checkpoint(String origin, long size, Digest root) {
  private static final Pattern ORIGIN =
      Pattern.compile("([a-z0-9][a-z0-9._-]{0,99})/([a-z][a-z0-9-]{1,39})");
  private static final Pattern BODY =
      Pattern.compile("([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n");
  private static final String SIGNATURE_PREFIX = "\u2014 ";
  private static final byte ED25519 = 0x01;
  private static final byte ML_DSA_44 = 0x06;
  private static final int KEY_ID_BYTES = 4;
  private static final int TIMESTAMP_BYTES = 8;
  private static final int SIGNATURES_MAX = 16;
  private static final int NOTE_CHARS_MAX = 64 << 10;
  private static final int LINE_BYTES_MAX = 4096;

  public Checkpoint {
    if (!ORIGIN.matcher(origin).matches()) {
      throw refused("<federation>/<party>", "another origin");
    }
    if (size < 0) {
      throw refused("a size from 0", "" + size);
    }
  }

  public static String origin(String federation, PartyId owner) {
    return federation + "/" + owner;
  }

  /**
   * A checkpoint whose signatures were found good.
   *
   * @param seconds when it was signed, by the owner's clock
   * @param foreignLines signature lines by keys that were not asked about
   */
  public record Verified(Checkpoint checkpoint, long seconds, int foreignLines) {}

  /** The first part of the origin. */
  public String federation() {
    return origin.substring(0, origin.indexOf('/'));
  }

  /** Whose log it is: the second part of the origin. */
  public PartyId owner() {
    return new PartyId(origin.substring(origin.indexOf('/') + 1));
  }

  public String sign(SigningKeys keys, long seconds) {
    if (!keys.party().equals(owner())) {
      throw new IllegalArgumentException(keys.party() + " does not own " + origin);
    }
    byte[] ed25519 = keys.signEd25519(body().getBytes(StandardCharsets.UTF_8));
    byte[] mlDsa44 = keys.signMlDsa44(cosignedMessage(seconds));
    byte[] timestamp = ByteBuffer.allocate(TIMESTAMP_BYTES).putLong(seconds).array();
    PartyKeys names = keys.publicKeys();
    return body()
        + "\n"
        + line(ED25519, names.ed25519Bytes(), ed25519)
        + line(ML_DSA_44, names.mlDsa44Bytes(), concat(timestamp, mlDsa44));
  }

  /** What the note says, unverified: to find out whose keys to ask. */
  public static Checkpoint unverified(String note) {
    return Note.parse(note).checkpoint();
  }

  /**
   * @param owner keys of the log's owner, known beforehand
   * @throws ProblemException RECEIPT_REFUSED if it is malformed, lacks either signature, or holds
   *     one under a key's name that does not verify
   */
  public static Verified verify(String text, PartyKeys owner) {
    Note note = Note.parse(text);
    Checkpoint checkpoint = note.checkpoint();
    if (!checkpoint.owner().equals(owner.party())) {
      throw refused("a log of " + owner.party(), checkpoint.origin());
    }
    byte[] ed25519Id = checkpoint.keyId(ED25519, owner.ed25519Bytes());
    byte[] mlDsa44Id = checkpoint.keyId(ML_DSA_44, owner.mlDsa44Bytes());
    boolean ed25519 = false;
    boolean mlDsa44 = false;
    long seconds = 0;
    int foreignLines = 0;
    for (Note.Line line : note.lines()) {
      boolean named = line.name().equals(checkpoint.origin());
      if (named && line.hasKeyId(ed25519Id)) {
        byte[] message = checkpoint.body().getBytes(StandardCharsets.UTF_8);
        demand(owner.ed25519Verifies(message, line.signature()), "Ed25519");
        ed25519 = true;
      } else if (named && line.hasKeyId(mlDsa44Id)) {
        byte[] stamped = line.signature();
        demand(stamped.length > TIMESTAMP_BYTES, "ML-DSA-44");
        long at = ByteBuffer.wrap(stamped).getLong();
        byte[] signature = Arrays.copyOfRange(stamped, TIMESTAMP_BYTES, stamped.length);
        demand(
            at >= 0 && owner.mlDsa44Verifies(checkpoint.cosignedMessage(at), signature),
            "ML-DSA-44");
        mlDsa44 = true;
        seconds = at;
      } else {
        foreignLines++;
      }
    }
    demand(ed25519, "Ed25519");
    demand(mlDsa44, "ML-DSA-44");
    return new Verified(checkpoint, seconds, foreignLines);
  }

  String body() {
    return origin + "\n" + size + "\n" + Base64Text.encode(root.bytes()) + "\n";
  }

  /** tlog-cosignature, "ML-DSA-44 signed message", for a whole checkpoint. */
  private byte[] cosignedMessage(long seconds) {
    byte[] name = origin.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    out.writeBytes("subtree/v1\n\0".getBytes(StandardCharsets.US_ASCII));
    out.write(name.length);
    out.writeBytes(name);
    out.writeBytes(ByteBuffer.allocate(Long.BYTES).putLong(seconds).array());
    out.write(name.length);
    out.writeBytes(name);
    out.writeBytes(ByteBuffer.allocate(2 * Long.BYTES).putLong(0).putLong(size).array());
    out.writeBytes(root.bytes());
    return out.toByteArray();
  }

  private byte[] keyId(byte type, byte[] publicKey) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update(origin.getBytes(StandardCharsets.UTF_8));
    sha256.update((byte) '\n');
    sha256.update(type);
    return Arrays.copyOf(sha256.digest(publicKey), KEY_ID_BYTES);
  }

  private String line(byte type, byte[] publicKey, byte[] signature) {
    return SIGNATURE_PREFIX
        + origin
        + " "
        + Base64Text.encode(concat(keyId(type, publicKey), signature))
        + "\n";
  }

  private static byte[] concat(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  private static void demand(boolean holds, String algorithm) {
    if (!holds) {
      throw refused("a good " + algorithm + " signature of the log's owner", "none");
    }
  }

  private static ProblemException refused(String expected, String found) {
    return new ProblemException(ErrorCode.RECEIPT_REFUSED, "checkpoint", expected, found);
  }

  /** A signed note, parsed: the text before its last blank line, and the lines after it. */
  private record Note(Checkpoint checkpoint, List<Line> lines) {
    private static final Pattern LINE =
        Pattern.compile(SIGNATURE_PREFIX + "([^\\s\\p{Z}+]+) ([A-Za-z0-9+/]+={0,2})");

    private record Line(String name, byte[] keyIdAndSignature) {
      boolean hasKeyId(byte[] keyId) {
        return Arrays.equals(keyIdAndSignature, 0, KEY_ID_BYTES, keyId, 0, KEY_ID_BYTES);
      }

      byte[] signature() {
        return Arrays.copyOfRange(keyIdAndSignature, KEY_ID_BYTES, keyIdAndSignature.length);
      }
    }

    static Note parse(String note) {
      if (note.length() > NOTE_CHARS_MAX) {
        throw refused("at most " + NOTE_CHARS_MAX + " characters", "" + note.length());
      }
      if (note.chars().anyMatch(c -> c < ' ' && c != '\n')) {
        throw refused("no control characters but newline", "one");
      }
      int blank = note.lastIndexOf("\n\n");
      if (blank < 0 || !note.endsWith("\n")) {
        throw refused("a text, a blank line, signature lines", "another form");
      }
      return new Note(
          checkpoint(note.substring(0, blank + 1)),
          lines(note.substring(blank + 2, note.length() - 1)));
    }

    private static Checkpoint checkpoint(String body) {
      Matcher m = BODY.matcher(body);
      if (!m.matches()) {
        throw refused("the lines origin, size, root", "others");
      }
      long size;
      try {
        size = Long.parseLong(m.group(2));
      } catch (NumberFormatException e) {
        throw refused("a size below 2^63", m.group(2));
      }
      byte[] root = Base64Text.decodeExactly(m.group(3), "checkpoint", 32);
      return new Checkpoint(m.group(1), size, Merkle.digest(root));
    }

    private static List<Line> lines(String text) {
      String[] parts = text.split("\n", -1);
      if (parts.length > SIGNATURES_MAX) {
        throw refused("at most " + SIGNATURES_MAX + " signatures", "" + parts.length);
      }
      List<Line> lines = new ArrayList<>();
      for (String part : parts) {
        Matcher m = LINE.matcher(part);
        if (!m.matches()) {
          throw refused("signature lines", "another line");
        }
        byte[] bytes = Base64Text.decode(m.group(2), "checkpoint", LINE_BYTES_MAX);
        if (bytes.length <= KEY_ID_BYTES) {
          throw refused("a key id and a signature", bytes.length + " bytes");
        }
        lines.add(new Line(m.group(1), bytes));
      }
      return lines;
    }
  }
}

package hesuan.group;

import java.util.Arrays;
import java.util.Optional;

/** One element of the group, immutable; for keys and tests. Many elements go as flat encodings. */
public final class Element {
  public static final int BYTES = 32;
  public static final Element IDENTITY = new Element(identityPoint());
  public static final Element GENERATOR = decodeKnown(generatorEncoding());

  final long[] point;

  Element(long[] point) {
    this.point = point;
  }

  /** Empty for anything but the one encoding of an element; the identity is an element. */
  public static Optional<Element> decode(byte[] encoding) {
    long[] point = new long[Edwards.POINT];
    if (encoding.length != BYTES || !new Edwards().decode(point, 0, encoding, 0)) {
      return Optional.empty();
    }
    return Optional.of(new Element(point));
  }

  /** The one-way map of RFC 9496 from 64 uniform bytes. */
  public static Element map(byte[] uniform) {
    if (uniform.length != 64) {
      throw new IllegalArgumentException(uniform.length + " bytes for 64");
    }
    long[] point = new long[Edwards.POINT];
    new Edwards().map(point, 0, uniform, 0);
    return new Element(point);
  }

  public byte[] encode() {
    byte[] encoding = new byte[BYTES];
    new Edwards().encode(encoding, 0, point, 0);
    return encoding;
  }

  public Element plus(Element other) {
    long[] r = new long[Edwards.POINT];
    new Edwards().add(r, 0, point, 0, other.point, 0);
    return new Element(r);
  }

  public Element minus(Element other) {
    long[] r = new long[Edwards.POINT];
    new Edwards().subtract(r, 0, point, 0, other.point, 0);
    return new Element(r);
  }

  public Element times(Scalar scalar) {
    long[] r = new long[Edwards.POINT];
    new Edwards().multiply(r, 0, point, 0, scalar.bytes(), 0);
    return new Element(r);
  }

  public boolean isIdentity() {
    return new Edwards().isIdentity(point, 0);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Element that && Arrays.equals(encode(), that.encode());
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(encode());
  }

  private static long[] identityPoint() {
    long[] point = new long[Edwards.POINT];
    Edwards.identity(point, 0);
    return point;
  }

  private static Element decodeKnown(byte[] encoding) {
    return decode(encoding).orElseThrow();
  }

  private static byte[] generatorEncoding() {
    return java.util.HexFormat.of()
        .parseHex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76");
  }
}

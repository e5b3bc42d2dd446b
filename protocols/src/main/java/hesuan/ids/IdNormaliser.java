package hesuan.ids;

import hesuan.wire.IdRule;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Applies one {@link IdRule} to row after row, in buffers of its own: phone numbers and national
 * ids cost no garbage, e-mail addresses and opaque ids only where they are not plain ASCII. Every
 * rule is idempotent. Not thread-safe.
 */
public final class IdNormaliser {

  public enum Verdict {
    NORMALISED,
    EMPTY,
    MALFORMED
  }

  /** Longest raw identifier that is looked at; a longer one is malformed. */
  public static final int RAW_BYTES_MAX = 1024;

  /** Longest normalised identifier. */
  public static final int ID_BYTES_MAX = 254;

  private static final int LOCAL_PART_BYTES_MAX = 64;
  private static final int[] CHECK_WEIGHTS = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
  private static final String CHECK_DIGITS = "10X98765432";

  private final IdRule rule;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT);
  private final CharsetEncoder encoder =
      StandardCharsets.UTF_8
          .newEncoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT);
  private final CharBuffer chars = CharBuffer.allocate(RAW_BYTES_MAX);
  private final byte[] out = new byte[RAW_BYTES_MAX];
  private final ByteBuffer outBuffer = ByteBuffer.wrap(out);
  private int length;

  public IdNormaliser(IdRule rule) {
    this.rule = rule;
  }

  /** The sealed result of one identifier: for tests and people, not for a million rows. */
  public static NormalId normalise(IdRule rule, @Nullable CharSequence raw) {
    IdNormaliser normaliser = new IdNormaliser(rule);
    return switch (normaliser.accept(raw)) {
      case NORMALISED ->
          new NormalId.Normalised(
              new String(normaliser.out, 0, normaliser.length, StandardCharsets.UTF_8));
      case EMPTY -> new NormalId.Empty();
      case MALFORMED -> new NormalId.Malformed();
    };
  }

  public Verdict accept(@Nullable CharSequence raw) {
    if (raw == null) {
      return Verdict.EMPTY;
    }
    if (raw.length() > RAW_BYTES_MAX) {
      return Verdict.MALFORMED;
    }
    chars.clear();
    for (int i = 0; i < raw.length(); i++) {
      chars.put(raw.charAt(i));
    }
    chars.flip();
    return apply();
  }

  /** One identifier as UTF-8; {@code length} 0 is empty. */
  public Verdict accept(byte[] utf8, int from, int length) {
    if (length > RAW_BYTES_MAX) {
      return Verdict.MALFORMED;
    }
    if (isNormalPhone(utf8, from, length)) {
      System.arraycopy(utf8, from, out, 0, length);
      this.length = length;
      return Verdict.NORMALISED;
    }
    chars.clear();
    if (!decodeAscii(utf8, from, length)) {
      chars.clear();
      decoder.reset();
      ByteBuffer in = ByteBuffer.wrap(utf8, from, length);
      if (decoder.decode(in, chars, true).isError() || decoder.flush(chars).isError()) {
        return Verdict.MALFORMED;
      }
    }
    chars.flip();
    return apply();
  }

  /** Where the last normalised id stands, from 0 to {@link #length}; overwritten by the next. */
  public byte[] bytes() {
    return out;
  }

  public int length() {
    return length;
  }

  /** As most phone numbers stand in files already, so that they take no detour over characters. */
  private boolean isNormalPhone(byte[] utf8, int from, int length) {
    if (rule != IdRule.PHONE_CN
        || length != 11
        || utf8[from] != '1'
        || utf8[from + 1] < '3'
        || utf8[from + 1] > '9') {
      return false;
    }
    int wrong = 0;
    for (int i = from + 2; i < from + length; i++) {
      wrong |= (utf8[i] - '0') | ('9' - utf8[i]);
    }
    return wrong >= 0;
  }

  private boolean decodeAscii(byte[] utf8, int from, int length) {
    for (int i = from; i < from + length; i++) {
      if (utf8[i] < 0) {
        return false;
      }
      chars.put((char) utf8[i]);
    }
    return true;
  }

  private Verdict apply() {
    length = 0;
    return switch (rule) {
      case PHONE_CN -> phone();
      case NATIONAL_ID_CN -> nationalId();
      case EMAIL -> email();
      case OPAQUE -> opaque();
    };
  }

  /** Eleven digits from 13 to 19 on, after separators and one country prefix are dropped. */
  private Verdict phone() {
    boolean plus = false;
    for (int i = 0; i < chars.limit(); i++) {
      char c = narrow(chars.get(i));
      if (isBlank(c) || isDash(c) || c == '(' || c == ')') {
        continue;
      }
      if (c == '+' && length == 0 && !plus) {
        plus = true;
      } else if (c >= '0' && c <= '9') {
        out[length++] = (byte) c;
      } else {
        return Verdict.MALFORMED;
      }
    }
    if (length == 0 && !plus) {
      return Verdict.EMPTY;
    }
    int prefix = !plus && length == 15 && startsWith("0086") ? 4 : 0;
    prefix = length == 13 && startsWith("86") ? 2 : prefix;
    if (length - prefix != 11 || (plus && prefix != 2)) {
      return Verdict.MALFORMED;
    }
    length -= prefix;
    System.arraycopy(out, prefix, out, 0, length);
    return out[0] == '1' && out[1] >= '3' ? Verdict.NORMALISED : Verdict.MALFORMED;
  }

  /** Eighteen places of GB 11643: region, date of birth, sequence, check digit. */
  private Verdict nationalId() {
    for (int i = 0; i < chars.limit(); i++) {
      char c = narrow(chars.get(i));
      if (isBlank(c)) {
        continue;
      }
      boolean digit = c >= '0' && c <= '9';
      boolean check = length == 17 && (c == 'x' || c == 'X');
      if (length == 18 || (!digit && !check)) {
        return Verdict.MALFORMED;
      }
      out[length++] = (byte) (check ? 'X' : c);
    }
    if (length == 0) {
      return Verdict.EMPTY;
    }
    return length == 18 && out[0] != '0' && birthExists() && checkDigitHolds()
        ? Verdict.NORMALISED
        : Verdict.MALFORMED;
  }

  private boolean birthExists() {
    int year = number(6, 4);
    int month = number(10, 2);
    int day = number(12, 2);
    return year >= 1800
        && month >= 1
        && month <= 12
        && day >= 1
        && day <= java.time.YearMonth.of(year, month).lengthOfMonth();
  }

  private boolean checkDigitHolds() {
    int sum = 0;
    for (int i = 0; i < CHECK_WEIGHTS.length; i++) {
      sum += CHECK_WEIGHTS[i] * (out[i] - '0');
    }
    return out[17] == CHECK_DIGITS.charAt(sum % 11);
  }

  /** One {@code @}, a local part, a dotted domain; all in lower case, no tag or dot folded. */
  private Verdict email() {
    if (!trim()) {
      return Verdict.EMPTY;
    }
    String text = null;
    if (!asciiLower()) {
      text = Normalizer.normalize(chars, Normalizer.Form.NFC).toLowerCase(Locale.ROOT);
      text = Normalizer.normalize(text, Normalizer.Form.NFC);
    }
    if (text != null && !encode(CharBuffer.wrap(text))) {
      return Verdict.MALFORMED;
    }
    return isAddress(text) ? Verdict.NORMALISED : Verdict.MALFORMED;
  }

  private boolean isAddress(@Nullable String text) {
    if (length > ID_BYTES_MAX || (text != null && !isPrintable(text, false))) {
      return false;
    }
    int at = -1;
    for (int i = 0; i < length; i++) {
      if (out[i] == '@') {
        if (at >= 0) {
          return false;
        }
        at = i;
      } else if ((out[i] >= 0 && out[i] <= ' ') || out[i] == 127) {
        return false;
      }
    }
    return at >= 1 && at <= LOCAL_PART_BYTES_MAX && isDomain(at + 1);
  }

  /** At least two labels of 1 to 63 bytes. */
  private boolean isDomain(int from) {
    int label = 0;
    int labels = 1;
    for (int i = from; i < length; i++) {
      if (out[i] == '.') {
        if (label == 0) {
          return false;
        }
        labels++;
        label = 0;
      } else if (++label > 63) {
        return false;
      }
    }
    return label > 0 && labels >= 2;
  }

  /** As it is, in NFC, without blanks around it. */
  private Verdict opaque() {
    if (!trim()) {
      return Verdict.EMPTY;
    }
    boolean ascii = true;
    for (int i = 0; i < chars.limit() && ascii; i++) {
      char c = chars.get(i);
      ascii = c < 128;
      if (ascii && (c < ' ' || c == 127)) {
        return Verdict.MALFORMED;
      }
      out[i] = (byte) c;
    }
    length = chars.limit();
    if (!ascii) {
      String text = Normalizer.normalize(chars, Normalizer.Form.NFC);
      if (!isPrintable(text, true) || !encode(CharBuffer.wrap(text))) {
        return Verdict.MALFORMED;
      }
    }
    return length <= ID_BYTES_MAX ? Verdict.NORMALISED : Verdict.MALFORMED;
  }

  private boolean encode(CharBuffer text) {
    encoder.reset();
    outBuffer.clear();
    if (!encoder.encode(text, outBuffer, true).isUnderflow()) {
      return false;
    }
    length = outBuffer.position();
    return true;
  }

  /** Narrows {@code chars} to what stands between blanks; false when nothing does. */
  private boolean trim() {
    int from = 0;
    int to = chars.limit();
    while (from < to && isBlank(chars.get(from))) {
      from++;
    }
    while (to > from && isBlank(chars.get(to - 1))) {
      to--;
    }
    chars.limit(to).position(from).compact().flip();
    return to > from;
  }

  private boolean asciiLower() {
    for (int i = 0; i < chars.limit(); i++) {
      char c = chars.get(i);
      if (c >= 128) {
        return false;
      }
      out[i] = (byte) (c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    length = chars.limit();
    return true;
  }

  private static boolean isPrintable(String text, boolean spaceAllowed) {
    return text.codePoints()
        .noneMatch(
            c ->
                Character.isISOControl(c)
                    || (!spaceAllowed && (Character.isWhitespace(c) || Character.isSpaceChar(c))));
  }

  private boolean startsWith(String prefix) {
    for (int i = 0; i < prefix.length(); i++) {
      if (out[i] != prefix.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private int number(int from, int places) {
    int value = 0;
    for (int i = from; i < from + places; i++) {
      value = 10 * value + out[i] - '0';
    }
    return value;
  }

  /** Full-width forms, as Chinese input methods produce them, to ASCII. */
  private static char narrow(char c) {
    return c >= '\uFF01' && c <= '\uFF5E' ? (char) (c - 0xFEE0) : c;
  }

  /** White space of any width, and the invisible marks that phones put around a copied number. */
  private static boolean isBlank(char c) {
    return c == ' '
        || (c >= '\t' && c <= '\r')
        || c == '\u0085'
        || c == '\u00A0'
        || c == '\u3000'
        || (c >= '\u2000' && c <= '\u200F')
        || (c >= '\u2028' && c <= '\u202F')
        || (c >= '\u205F' && c <= '\u2064')
        || (c >= '\u2066' && c <= '\u2069')
        || c == '\u1680'
        || c == '\uFEFF';
  }

  private static boolean isDash(char c) {
    return c == '-' || (c >= '\u2010' && c <= '\u2015') || c == '\u2212' || c == '\u00AD';
  }
}

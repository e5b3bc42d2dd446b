package hesuan.ids;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import hesuan.ids.IdNormaliser.Verdict;
import hesuan.ids.NormalId.Normalised;
import hesuan.wire.IdRule;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdNormaliserTest {
  private static String id(IdRule rule, String raw) {
    return assertInstanceOf(Normalised.class, IdNormaliser.normalise(rule, raw)).value();
  }

  private static Class<?> verdict(IdRule rule, String raw) {
    return IdNormaliser.normalise(rule, raw).getClass();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "13812345678",
        " 138 1234 5678 ",
        "138-1234-5678",
        "138\u20131234\u20135678",
        "+8613812345678",
        "+86 138-1234-5678",
        "(+86)13812345678",
        "008613812345678",
        "8613812345678",
        "１３８１２３４５６７８",
        "＋８６　１３８１２３４５６７８",
        "\u202D13812345678\u202C",
        "\uFEFF138\u00A01234\u00A05678\t"
      })
  void phone_dirtyFormsOfOneNumber_areOneId(String raw) {
    assertEquals("13812345678", id(IdRule.PHONE_CN, raw));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1381234567",
        "138123456789",
        "12812345678",
        "03812345678",
        "1.38E+10",
        "+113812345678",
        "+13812345678",
        "+008613812345678",
        "++8613812345678",
        "868613812345678",
        "+",
        "13812345678x",
        "13812345678;13912345678",
        "NULL",
        "１３８一２３４５６７８"
      })
  void phone_whatIsNoMobileNumber_isMalformed(String raw) {
    assertEquals(NormalId.Malformed.class, verdict(IdRule.PHONE_CN, raw));
  }

  @ParameterizedTest
  @EnumSource(IdRule.class)
  void everyRule_nullAndBlanks_areEmpty(IdRule rule) {
    for (String raw : List.of("", " ", "\t\r\n", "\u3000\u00A0", "\u200B", "\uFEFF")) {
      assertEquals(NormalId.Empty.class, verdict(rule, raw));
    }
    assertInstanceOf(NormalId.Empty.class, IdNormaliser.normalise(rule, null));
  }

  @Test
  void email_caseAndBlanks_fold_butTagsAndDotsStay() {
    assertEquals("li.lei+tag@example.com", id(IdRule.EMAIL, " Li.Lei+Tag@Example.COM\u3000"));
    assertEquals("jos\u00E9@example.com", id(IdRule.EMAIL, "Jose\u0301@example.com"));
    assertEquals("张三@例子.公司", id(IdRule.EMAIL, "张三@例子.公司"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "a@",
        "@b.c",
        "a@b",
        "a@b@c.d",
        "a b@c.d",
        "a@b..c",
        "a@.b.c",
        "a@b.c.",
        "a@\u0001.c",
        "a\u00A0b@c.d",
        "é\u3000b@c.d"
      })
  void email_whatIsNoAddress_isMalformed(String raw) {
    assertEquals(NormalId.Malformed.class, verdict(IdRule.EMAIL, raw));
  }

  @Test
  void email_boundsOfItsParts_hold() {
    assertEquals(NormalId.Malformed.class, verdict(IdRule.EMAIL, "a".repeat(65) + "@b.cd"));
    assertEquals(NormalId.Malformed.class, verdict(IdRule.EMAIL, "a@" + "b".repeat(64) + ".cd"));
    assertEquals(64 + 5, id(IdRule.EMAIL, "a".repeat(64) + "@b.cd").length());
  }

  /** The number of GB 11643's own example, and one whose check digit is X. */
  @Test
  void nationalId_valid_keepsItsDigitsAndUpperX() {
    assertEquals("11010519491231002X", id(IdRule.NATIONAL_ID_CN, " 11010519491231002x "));
    assertEquals("440524188001010014", id(IdRule.NATIONAL_ID_CN, "440524 18800101 0014"));
    assertEquals("11010519491231002X", id(IdRule.NATIONAL_ID_CN, "１１０１０５１９４９１２３１００２Ｘ"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "110105194912310021",
        "11010519491231003X",
        "130503670401001",
        "11010519491331002X",
        "1101051949123100X2",
        "11010519491231002XX",
        "X10105194912310022",
        "01010519491231002X"
      })
  void nationalId_wrongCheckDateOrLength_isMalformed(String raw) {
    assertEquals(NormalId.Malformed.class, verdict(IdRule.NATIONAL_ID_CN, raw));
  }

  /** Any single wrong digit, and any swap of neighbours, must be seen: that is what it is for. */
  @Test
  void nationalId_everySingleWrongDigitAndSwap_isCaught() {
    String valid = "440524188001010014";
    for (int i = 0; i < 18; i++) {
      for (char c = '0'; c <= '9'; c++) {
        if (c != valid.charAt(i)) {
          String wrong = valid.substring(0, i) + c + valid.substring(i + 1);
          assertEquals(NormalId.Malformed.class, verdict(IdRule.NATIONAL_ID_CN, wrong));
        }
      }
      if (i < 17 && valid.charAt(i) != valid.charAt(i + 1)) {
        String swapped =
            valid.substring(0, i) + valid.charAt(i + 1) + valid.charAt(i) + valid.substring(i + 2);
        assertEquals(NormalId.Malformed.class, verdict(IdRule.NATIONAL_ID_CN, swapped));
      }
    }
  }

  @Test
  void opaque_keepsCaseAndInnerBlanks_inNfc() {
    assertEquals("Ab 9-x", id(IdRule.OPAQUE, "  Ab 9-x\n"));
    assertEquals("\u00E9", id(IdRule.OPAQUE, "e\u0301"));
    assertEquals(NormalId.Malformed.class, verdict(IdRule.OPAQUE, "a\u0000b"));
    assertEquals(NormalId.Malformed.class, verdict(IdRule.OPAQUE, "a\uD800"));
    assertEquals(NormalId.Malformed.class, verdict(IdRule.OPAQUE, "x".repeat(255)));
    assertEquals(NormalId.Malformed.class, verdict(IdRule.OPAQUE, "x".repeat(2000)));
    assertEquals(254, id(IdRule.OPAQUE, "x".repeat(254)).length());
  }

  @Test
  void bytes_notUtf8_areMalformed_andTheNextRowIsUnharmed() {
    IdNormaliser normaliser = new IdNormaliser(IdRule.OPAQUE);
    byte[] gbk = {(byte) 0xD5, (byte) 0xC5};
    assertEquals(Verdict.MALFORMED, normaliser.accept(gbk, 0, 2));
    byte[] fine = "xx张三xx".getBytes(StandardCharsets.UTF_8);
    assertEquals(Verdict.NORMALISED, normaliser.accept(fine, 2, 6));
    assertEquals(
        "张三", new String(normaliser.bytes(), 0, normaliser.length(), StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @EnumSource(IdRule.class)
  void everyRule_isIdempotent_andBytesAgreeWithText(IdRule rule) {
    SplittableRandom random = new SplittableRandom(20261121);
    String alphabet =
        switch (rule) {
          case PHONE_CN, NATIONAL_ID_CN -> " +-()0861３８\u3000\u202Dx";
          case EMAIL, OPAQUE -> " +-.@aAzZéÉİΣß\u0301\u3000Ｘ张\u202D";
        };
    int normalised = 0;
    for (int round = 0; round < 40_000; round++) {
      StringBuilder raw = new StringBuilder(List.of("1380808", "a@b.", "").get(round % 3));
      for (int i = random.nextInt(12); i > 0; i--) {
        raw.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      NormalId once = IdNormaliser.normalise(rule, raw);
      IdNormaliser byBytes = new IdNormaliser(rule);
      byte[] utf8 = raw.toString().getBytes(StandardCharsets.UTF_8);
      Verdict verdict = byBytes.accept(utf8, 0, utf8.length);
      if (once instanceof Normalised(String value)) {
        normalised++;
        assertEquals(once, IdNormaliser.normalise(rule, value));
        assertEquals(Verdict.NORMALISED, verdict);
        assertEquals(
            value, new String(byBytes.bytes(), 0, byBytes.length(), StandardCharsets.UTF_8));
      } else {
        assertEquals(once instanceof NormalId.Empty ? Verdict.EMPTY : Verdict.MALFORMED, verdict);
      }
    }
    assertFalse(rule != IdRule.NATIONAL_ID_CN && normalised < 20, "a test that reaches the rule");
  }

  @Test
  void normalised_printed_showsNoId() {
    assertEquals("Normalised[redacted]", new Normalised("13812345678").toString());
  }

  @Test
  void quality_countsThatDoNotAddUp_areRefused() {
    assertThrows(IllegalArgumentException.class, () -> new IdQuality(10, 1, 1, 1, 6));
    assertEquals(7, new IdQuality(10, 2, 1, 3, 4).usable());
  }
}

package hesuan.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonTest {
  private static Product product() {
    return new Product(
        Product.VERSION,
        ProductRef.parse("brand-a/members@1"),
        "会员",
        List.of(
            new Product.Column("phone", Product.ColumnType.STRING),
            new Product.Column("city", Product.ColumnType.STRING)),
        new Product.Id("phone", IdRule.PHONE_CN),
        List.of(
            new Product.DisclosureRule(
                "city",
                Disclosure.AGGREGATE,
                List.of("*"),
                List.of("audience"),
                LocalDate.of(2027, 1, 1))),
        new Product.Terms(50, Epsilon.parse("1")),
        Digest.of("x"),
        100);
  }

  @Test
  void document_roundTrips() {
    byte[] bytes = Json.canonical(product());
    assertEquals(product(), Json.read(bytes, Product.class));
    assertEquals(Json.canonicalText(product()), Json.canonicalText(Json.tree(bytes)));
  }

  @Test
  void canonical_isRfc8785_onStringsAndOrder() {
    assertEquals(
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u20ac\":\"Euro Sign\"}",
        Json.canonicalText(
            Json.tree(
                "{\"\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"1\":\"One\"}"
                    .getBytes(StandardCharsets.UTF_8))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"name\":null,\"submitToken\":\"t\"}|HS1003",
        "{\"name\":1,\"submitToken\":\"t\"}|HS1002",
        "{\"name\":\"a\",\"name\":\"b\",\"submitToken\":\"t\"}|HS1005",
        "{\"name\":\"a\",\"submitToken\":\"t\"} x|HS1005",
        "{\"name\":\"a\",\"submitToken\":\"t\",\"more\":1}|HS1001",
        "{\"name\":\"a\"}|HS1003",
        "{bad json|HS1005"
      })
  void read_ofBadDocument_saysWhich(String text, String code) {
    ProblemException e =
        assertThrows(ProblemException.class, () -> Json.read(text, JobSpec.Metadata.class));
    assertEquals(code, e.problem().code().code());
  }

  @Test
  void read_ofAbsentNullable_isNull() {
    assertEquals("SELECT 1", Json.read("{\"sql\":\"SELECT 1\"}", JobSpec.What.class).sql());
  }

  @Test
  void canonical_ofDecimal_isRefused() {
    assertThrows(
        ProblemException.class,
        () -> Json.canonical(Json.tree("1.5".getBytes(StandardCharsets.UTF_8))));
  }

  @Test
  void epsilon_roundsUp() {
    assertEquals(new Epsilon(1), Epsilon.parse("0.0000001"));
    assertEquals("0.5", Epsilon.parse("0.50").toString());
  }
}

package hesuan.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class RhoTest {
  private static final ProductRef ORDERS = ProductRef.parse("shop-a/orders@3");
  private static final PartyId OWNER = new PartyId("shop-a");

  @Test
  void of_isHalfTheSquareRoundedUp() {
    assertEquals("0.005", Rho.of(Epsilon.parse("0.1")).toString());
    assertEquals(new Rho(1), Rho.of(new Epsilon(1)));
    assertEquals(new Rho(5), Rho.of(new Epsilon(3)));
    assertEquals("500000", Rho.of(Epsilon.parse("1000")).toString());
  }

  @Test
  void ofVariance_isTheGaussiansRoundedUp() {
    assertEquals("0.005", Rho.ofVariance(BigInteger.valueOf(100), BigInteger.ONE).toString());
    assertEquals(new Rho(166_666_666_667L), Rho.ofVariance(BigInteger.valueOf(3), BigInteger.ONE));
  }

  @Test
  void parse_finerDigits_roundsUp_andRefusesWhatIsNone() {
    assertEquals(new Rho(1), Rho.parse("0.0000000000000001"));
    assertThrows(ProblemException.class, () -> Rho.parse("-1"));
    assertThrows(ProblemException.class, () -> Rho.parse("1000001"));
    assertThrows(ProblemException.class, () -> Rho.parse("half"));
  }

  @Test
  void charge_withoutItsRho_isReadAsOfEpsilon_andWrittenAsBefore() {
    String text =
        """
        {"delta":"0.0000001","epsilon":"0.5","owner":"shop-a","product":"shop-a/orders@3","unit":"phone"}""";
    Plan.Charge charge = read(text);
    assertEquals(
        new Plan.Charge(ORDERS, OWNER, "phone", Epsilon.parse("0.5"), "0.0000001"), charge);
    assertEquals(Rho.parse("0.125"), charge.rho());
    assertEquals("0.0000001", charge.outside());
    assertEquals(text, Json.canonicalText(charge));
  }

  @Test
  void charge_withItsOwnRho_keepsIt() {
    Plan.Charge charge =
        new Plan.Charge(
            ORDERS,
            OWNER,
            "phone",
            Epsilon.parse("0.5"),
            "0.0000001",
            new Plan.Concentrated(Rho.parse("0.004"), "0"));
    String text = Json.canonicalText(charge);
    assertTrue(text.contains("\"rho\":\"0.004\""), text);
    assertEquals(charge, read(text));
    assertEquals("0", charge.outside());
  }

  private static Plan.Charge read(String text) {
    return Json.read(text.getBytes(StandardCharsets.UTF_8), Plan.Charge.class);
  }
}

package hesuan.demo.data;

import hesuan.wire.Json;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * The exact answers, which no party could compute: the demo puts them beside what the federation
 * released. People are those with a usable id after normalisation.
 *
 * @param idSets distinct people per product
 * @param unusableRows rows per product whose id is empty or malformed
 * @param orders of all three parties together, as they are
 * @param boundedOrders what the same figures become when each party bounds each person, on average
 *     over the choice of rows that are kept
 * @param turnoverFen of all three parties together, by store
 * @param lift of the platform's campaign among the brand's buyers
 */
public record Truth(
    long seed,
    int people,
    Map<String, Integer> idSets,
    Map<String, Integer> unusableRows,
    Overlap brandMall,
    Overlap brandMallPay,
    Map<String, OrderFigures> orders,
    Bounds bounds,
    Map<String, OrderFigures> boundedOrders,
    Map<String, Long> turnoverFen,
    Lift lift) {

  /** People whom the platform put into either arm of its campaign, and who of them bought. */
  public record Lift(long treated, long treatedBuyers, long control, long controlBuyers) {}

  /** People whom all the parties know, by the city that the brand knows them in. */
  public record Overlap(int total, Map<String, Integer> byCity) {
    public Overlap {
      byCity = sorted(byCity);
    }
  }

  /**
   * Figures of one city.
   *
   * @param people counted once per party that has an order of theirs there
   */
  public record OrderFigures(long orders, long amountFen, long people) {}

  /**
   * What one person may contribute at one party.
   *
   * @param maxGroups cities
   * @param maxRows orders in one city
   * @param lowerFen,upperFen clamp of one amount
   */
  public record Bounds(int maxGroups, int maxRows, long lowerFen, long upperFen) {}

  public Truth {
    idSets = sorted(idSets);
    unusableRows = sorted(unusableRows);
    orders = sorted(orders);
    boundedOrders = sorted(boundedOrders);
    turnoverFen = sorted(turnoverFen);
  }

  public String json() {
    return Json.canonicalText(this);
  }

  public static Truth read(String json) {
    return Json.read(json, Truth.class);
  }

  private static <V> Map<String, V> sorted(Map<String, V> map) {
    return Collections.unmodifiableMap(new TreeMap<>(map));
  }
}

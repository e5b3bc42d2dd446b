package hesuan.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.wire.ErrorCode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Real processes: exact statistics over three owners' prices, against the pooled rows. */
class StatisticsEndToEndTest {
  private static final int ROWS = 400;
  private static final List<String> CITIES = List.of("上海", "北京", "杭州");

  private record Price(String city, @Nullable Long fen) {}

  /** Some without a price; one of the first owner's far away, in a city of its own. */
  private static List<Price> prices(String party) {
    Random random = new Random(party.hashCode());
    List<Price> prices = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      String city = CITIES.get(random.nextInt(CITIES.size()));
      prices.add(new Price(city, random.nextInt(9) == 0 ? null : 10_000 + random.nextLong(90_000)));
    }
    if (party.equals(ThreeParties.LEADER)) {
      prices.add(new Price("成都", 5_000_000L));
    }
    return prices;
  }

  @Test
  void statisticsOfThreeOwners_areThoseOfThePooledRows_inBothModes() throws Exception {
    try (ThreeParties parties = new ThreeParties("statistics")) {
      Map<String, List<Long>> values = new TreeMap<>();
      Map<String, Integer> rows = new TreeMap<>();
      for (String party : ThreeParties.PARTIES) {
        StringBuilder csv = new StringBuilder("phone,city,fen\n");
        for (Price price : prices(party)) {
          csv.append("138%08d,%s,".formatted(rows.size(), price.city));
          csv.append(price.fen == null ? "" : price.fen).append('\n');
          rows.merge(price.city, 1, Integer::sum);
          if (price.fen != null) {
            values.computeIfAbsent(price.city, _ -> new ArrayList<>()).add(price.fen);
          }
        }
        parties.publish(party, "prices", csv.toString(), "9");
      }
      parties.sign("ctr-prices");
      values.values().forEach(Collections::sort);

      String byCity =
          "by: city, keys: [上海, 北京, 杭州], lower: 10000, upper: 99999, bins: 90,"
              + " figures: [rows, count, sum, mean, variance, min, p25, max]";
      for (String mode :
          List.of("", ", mode: twoAggregators, aggregators: [brand-a, mall-b], proofs: ranges")) {
        String job = ask(parties, byCity + mode, mode.isEmpty() ? "masked" : "proved");
        assertEquals("done", parties.job(job).path("state").asText(), () -> "" + parties.job(job));
        compare(parties, job, rows, values);
      }
      String outside = ask(parties, byCity.replace("杭州", "成都"), "outside");
      JsonNode refused = parties.job(outside);
      assertFalse(refused.path("state").asText().equals("done"), refused::toString);
      assertTrue(refused.toString().contains(ErrorCode.INVALID_VALUE.code()), refused::toString);
      assertTrue(refused.toString().contains("a value outside"), refused::toString);
      assertFalse(refused.toString().contains("5000000"), refused::toString);
    }
  }

  private static String ask(ThreeParties parties, String parameters, String token)
      throws Exception {
    String spec =
        """
        apiVersion: hesuan/v1
        kind: Job
        metadata: {name: prices, submitToken: prices-%s}
        purpose: {code: benchmark}
        contract: ctr-prices
        inputs: {prices: [brand-a/prices@1, mall-b/prices@1, pay-c/prices@1]}
        what:
          template: {name: aggregate.statistics, parameters: {column: fen, %s}}
        outputs: [{name: prices, to: [brand-a, mall-b]}]
        run: {attempts: 1}
        """
            .formatted(token, parameters);
    String id = parties.coordinator().post("/jobs", Map.of("spec", spec)).path("id").asText();
    JobCommands.watch(parties.coordinator(), id, _ -> {});
    return id;
  }

  private static void compare(
      ThreeParties parties, String job, Map<String, Integer> rows, Map<String, List<Long>> values)
      throws Exception {
    JsonNode reply = parties.api(ThreeParties.LEADER).get("/jobs/" + job + "/result");
    ThreeParties.await(
        "the other receiver",
        () ->
            parties
                .api(ThreeParties.MEMBER)
                .get("/jobs/" + job + "/result")
                .path("result")
                .equals(reply.path("result")));
    List<String> lines =
        new String(new ResultFile(reply).csv(), StandardCharsets.UTF_8).lines().toList();
    assertEquals(
        "city,fen_rows,fen_count,fen_sum,fen_mean,fen_variance,fen_min_low,fen_min_high,"
            + "fen_p25_low,fen_p25_high,fen_max_low,fen_max_high",
        lines.getFirst());
    assertEquals(1 + CITIES.size(), lines.size());
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.split(",");
      List<Long> all = values.get(cells[0]);
      BigInteger count = BigInteger.valueOf(all.size());
      BigInteger sum = BigInteger.valueOf(all.stream().mapToLong(Long::longValue).sum());
      assertEquals(
          rows.get(cells[0]) + "," + count + "," + sum,
          String.join(",", cells[1], cells[2], cells[3]));
      near(new BigDecimal(sum), new BigDecimal(count), cells[4]);
      BigInteger squares = BigInteger.ZERO;
      for (long value : all) {
        squares = squares.add(BigInteger.valueOf(value).multiply(count).subtract(sum).pow(2));
      }
      BigInteger below = count.pow(2).multiply(count.subtract(BigInteger.ONE));
      near(new BigDecimal(squares), new BigDecimal(below), cells[5]);
      inBin(all.getFirst(), cells[6], cells[7]);
      inBin(all.get(Math.ceilDiv(all.size(), 4) - 1), cells[8], cells[9]);
      inBin(all.getLast(), cells[10], cells[11]);
    }
  }

  /** The quotient to 17 digits. */
  private static void near(BigDecimal above, BigDecimal below, String found) {
    BigDecimal off = new BigDecimal(found).multiply(below).subtract(above).abs();
    assertTrue(off.movePointRight(17).compareTo(above) < 0, found);
  }

  private static void inBin(long value, String low, String high) {
    long begin = 10_000 + (value - 10_000) / 1000 * 1000;
    assertEquals(begin + " to " + (begin + 999), low + " to " + high);
  }
}

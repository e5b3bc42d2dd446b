package hesuan.cli;

import hesuan.demo.data.DemoData;
import hesuan.source.Source;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What each party of the demo publishes, and under which rules. */
final class DemoProducts {
  private static final String PHONE = "phone-cn/1";

  private DemoProducts() {}

  static List<Map<String, Object>> of(String party, Path data) {
    List<Map<String, Object>> products = new ArrayList<>();
    if (party.equals("pay-c")) {
      products.add(
          product(
              "campaign",
              "投放名单 / campaign",
              source(party, "campaign", data),
              "phone",
              PHONE,
              List.of(
                  rule("phone", "joinKey", List.of("*")), rule("*", "aggregate", List.of("*")))));
    }
    products.addAll(
        List.of(
            switch (party) {
              case "brand-a" ->
                  product(
                      "members",
                      "会员 / members",
                      source(party, "members", data),
                      "phone",
                      PHONE,
                      List.of(
                          rule("phone", "joinKey", List.of("*")),
                          rule("city", "aggregate", List.of("brand-a", "mall-b")),
                          rule("*", "compute", List.of("*"))));
              case "mall-b" ->
                  product(
                      "visits",
                      "到店顾客 / visits",
                      source(party, "visits", data),
                      "phone",
                      PHONE,
                      List.of(
                          rule("phone", "joinKey", List.of("brand-a")),
                          rule("phone", "plain", List.of("brand-a"), "audience.intersect"),
                          rule("*", "aggregate", List.of("*"))));
              default ->
                  product(
                      "users",
                      "支付用户 / users",
                      source(party, "users", data),
                      "phone",
                      PHONE,
                      List.of(
                          rule("phone", "joinKey", List.of("*")),
                          rule("phone", "plain", List.of("brand-a"), "audience.intersect"),
                          rule("*", "aggregate", List.of("*"))));
            },
            shared(party, "orders", "订单 / orders", data),
            shared(party, "features", "特征 / features", data),
            product(
                "stores",
                "门店营业额 / stores",
                source(party, "stores", data),
                "store",
                "opaque/1",
                List.of(rule("*", "aggregate", List.of("*"))))));
    return products;
  }

  private static Map<String, Object> shared(String party, String name, String title, Path data) {
    return product(
        name,
        title,
        source(party, name, data),
        "phone",
        PHONE,
        List.of(
            rule("phone", "joinKey", List.of("*"), "audience.lift", "audience.attribution"),
            rule("phone", "aggregate", List.of("*")),
            rule("*", "aggregate", List.of("*"))));
  }

  static Source source(String party, String table, Path data) {
    return switch (party) {
      case "brand-a" -> new Source.Csv(data.resolve("brand/" + table + ".csv"));
      case "mall-b" -> new Source.Parquet(data.resolve("mall/" + table + ".parquet"));
      default -> new Source.DuckDb(data.resolve(DemoData.PAY_FILE), table);
    };
  }

  private static Map<String, Object> product(
      String name,
      String title,
      Source source,
      String id,
      String idRule,
      List<Map<String, Object>> rules) {
    Map<String, Object> request = new LinkedHashMap<>();
    request.put("name", name);
    request.put("title", title);
    request.put("source", source.document());
    request.put("id", Map.of("column", id, "rule", idRule));
    request.put("rules", rules);
    request.put("terms", Map.of("minGroup", 20, "maxEpsilon", "1"));
    request.put("budget", "5");
    return request;
  }

  private static Map<String, Object> rule(String column, String level, List<String> receivers) {
    return rule(column, level, receivers, "audience", "benchmark");
  }

  private static Map<String, Object> rule(
      String column, String level, List<String> receivers, String... purposes) {
    return Map.of(
        "column", column,
        "level", level,
        "receivers", receivers,
        "purposes", List.of(purposes),
        "until", LocalDate.now(ZoneOffset.UTC).plusYears(1).toString());
  }
}

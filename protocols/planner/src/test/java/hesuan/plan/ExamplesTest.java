package hesuan.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.job.Refusal;
import hesuan.wire.Disclosure;
import hesuan.wire.JobSpec;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every job file under examples/ is read and planned. */
class ExamplesTest {
  static JobSpec example(String name) throws IOException {
    return JobReader.read(
        Files.readAllBytes(Path.of("../../examples").resolve(name).resolve("job.yaml")));
  }

  static Stream<String> names() throws IOException {
    try (Stream<Path> folders = Files.list(Path.of("../../examples"))) {
      return folders
          .filter(f -> Files.exists(f.resolve("job.yaml")))
          .map(f -> f.getFileName().toString())
          .sorted()
          .toList()
          .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void example_roundTripsThroughYamlAndJson(String name) throws IOException {
    JobSpec job = example(name);
    assertEquals(job, JobReader.read(JobReader.write(job)));
    assertEquals(job, JobReader.read(Json.canonical(job)));
    assertEquals(job, Json.read(Json.canonical(job), JobSpec.class));
  }

  @ParameterizedTest
  @CsvSource({
    "intersect,brand-a,'brand-a,mall-b',0",
    "intersect-three,brand-a,'brand-a,mall-b,pay-c',0",
    "difference,brand-a,'brand-a,mall-b',0",
    "lift,pay-c,'brand-a,pay-c',0.9",
    "lift-hidden,pay-c,'brand-a,pay-c',0.8",
    "attribution,pay-c,'brand-a,pay-c',0.9",
    "overlap,brand-a,'brand-a,mall-b',0.5",
    "overlap-three,brand-a,'brand-a,mall-b,pay-c',0.5",
    "secure-sum,mall-b,'brand-a,mall-b,pay-c',0",
    "statistics,brand-a,'brand-a,mall-b,pay-c',0",
    "two-aggregators,brand-a,'brand-a,mall-b,pay-c',0",
    "dp-query,brand-a,'brand-a,mall-b,pay-c',0.9",
    "shared-noise,brand-a,'brand-a,mall-b,pay-c',0.9",
    "sql,brand-a,'brand-a,mall-b,pay-c',1",
    "sql-join,brand-a,'brand-a,mall-b',0.999999",
    "learn,brand-a,'brand-a,mall-b,pay-c',0"
  })
  void example_isPlanned(String name, String leader, String parties, String epsilon)
      throws IOException {
    Plan plan = assertInstanceOf(PlanResult.Planned.class, Market.plan(example(name)), name).plan();
    assertEquals(new PartyId(leader), plan.leader());
    assertEquals(Stream.of(parties.split(",")).map(PartyId::new).toList(), plan.parties());
    plan.charges().forEach(c -> assertEquals(epsilon, c.epsilon().toString()));
    assertEquals(plan.products().size(), plan.charges().size());
    assertEquals(plan, Json.read(Json.canonical(plan), Plan.class));
  }

  @Test
  void refused_saysPartyRuleAndChange() throws IOException {
    Map<ProductRef, PublishedProduct> products = Market.products();
    List<Product.DisclosureRule> rules =
        List.of(
            Market.rule("phone", Disclosure.JOIN_KEY, List.of("brand-a", "mall-b")),
            Market.rule("city", Disclosure.AGGREGATE, List.of("brand-a", "mall-b")));
    Market.add(products, Market.members(rules));
    List<Refusal> refusals =
        assertInstanceOf(PlanResult.Refused.class, Market.plan(example("refused"), products))
            .refusals();
    assertTrue(
        refusals.stream()
            .anyMatch(
                r ->
                    Market.MALL.equals(r.party())
                        && r.rule().equals("terms.minGroup")
                        && r.change().equals("privacy.minGroup: 50")),
        refusals.toString());
    assertTrue(
        refusals.stream()
            .anyMatch(
                r ->
                    Market.BRAND.equals(r.party())
                        && r.rule().equals("disclosure.city")
                        && r.change().equals("outputs[0].to: [brand-a]")),
        refusals.toString());
  }
}

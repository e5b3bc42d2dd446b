package hesuan.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import hesuan.wire.Epsilon;
import hesuan.wire.JobSpec;
import hesuan.wire.Json;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JobReaderTest {
  private static final String MINIMAL =
      """
      apiVersion: hesuan/v1
      kind: Job
      metadata: {name: a-job}
      purpose: {code: audience.overlap}
      contract: ctr-autumn
      inputs: {members: brand-a/members@12, orders: mall-b/orders@40}
      what: {template: {name: audience.overlap, parameters: {}}}
      privacy: {unit: phone, epsilon: 0.5}
      outputs: [{name: people, to: [brand-a]}]
      run: {deadline: PT30M}
      """;
  private static final JsonSchema SCHEMA =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(JobReader.schema());

  private static String with(String from, String to) {
    assertTrue(MINIMAL.contains(from), from);
    return MINIMAL.replace(from, to);
  }

  /** What replaces what in the minimal job, to be read still. */
  static Stream<Arguments> good() {
    return Stream.of(
        Arguments.of("kind: Job", "kind: Job"),
        Arguments.of("epsilon: 0.5", "epsilon: '0.5', delta: 1e-7"),
        Arguments.of("epsilon: 0.5", "epsilon: 1, minGroup: 10, maxGroups: 3, maxRows: 7"),
        Arguments.of("run: {deadline: PT30M}\n", ""),
        Arguments.of("run: {deadline: PT30M}", "run: {}"),
        Arguments.of("run: {deadline: PT30M}", "run: {attempts: 1, onPartyLoss: continue}"),
        Arguments.of("name: a-job}", "name: a-job, submitToken: 7f3c0a91}"),
        Arguments.of("members: brand-a/members@12", "members: [a1/m@1, b1/m@2]"),
        Arguments.of("parameters: {}", "parameters: {by: members.city, groups: [上海, no, on]}"),
        Arguments.of(", parameters: {}", ""),
        Arguments.of(
            "template: {name: audience.overlap, parameters: {}}", "sql: SELECT COUNT(*) FROM m"),
        Arguments.of(
            "name: audience.overlap, parameters: {}",
            "name: aggregate.sum, parameters: {column: c, by: k, keys: [a, b]}"),
        statistics("figures: [rows, count, sum, mean, variance, stddev], lower: -5, upper: 9"),
        statistics("figures: [min, p0.5, p99.9999, histogram], lower: 0, upper: 9, bins: 10"),
        statistics(
            "by: k, keys: [x, y], figures: [median, mean], edges: [0, 10, 4000000000000000]"),
        statistics("figures: [sum], edges: [-1, 1], mode: masked, proofs: none"),
        statistics(
            "figures: [max], lower: 0, upper: 1, bins: 2, mode: twoAggregators,"
                + " aggregators: [a1, b1], proofs: ranges"),
        Arguments.of(
            "name: audience.overlap, parameters: {}",
            "name: learn.federated, parameters: {features: [a, b], label: c}"),
        Arguments.of(
            "name: audience.overlap, parameters: {}",
            "name: learn.federated, parameters: {features: [a], label: c, rounds: 3, model:"
                + " {layers: [{units: 4}], learningRate: 0.1, batch: 32}}"));
  }

  private static Arguments statistics(String parameters) {
    return Arguments.of(
        "name: audience.overlap, parameters: {}",
        "name: aggregate.statistics, parameters: {column: c, " + parameters + "}");
  }

  private static Arguments badStatistics(String parameters, String code, String at) {
    return Arguments.of(
        "name: audience.overlap, parameters: {}",
        "name: aggregate.statistics, parameters: {column: c, " + parameters + "}",
        code,
        "what.template.parameters" + at);
  }

  /** What replaces what, the code and the path of the problem. */
  static Stream<Arguments> bad() {
    return Stream.of(
        Arguments.of("kind: Job", "kind: Job\nmore: 1", "HS1001", "document"),
        Arguments.of("kind: Job", "kind: Task", "HS1004", "kind"),
        Arguments.of("apiVersion: hesuan/v1\n", "", "HS1003", "apiVersion"),
        Arguments.of("apiVersion: hesuan/v1", "apiVersion: 1", "HS1002", "apiVersion"),
        Arguments.of("metadata: {name: a-job}\n", "", "HS1003", "metadata"),
        Arguments.of("name: a-job", "name: A Job", "HS1004", "metadata.name"),
        Arguments.of("name: a-job", "nam: a-job", "HS1001", "metadata"),
        Arguments.of(
            "name: a-job", "name: a-job, submitToken: x", "HS1004", "metadata.submitToken"),
        Arguments.of("code: audience.overlap", "code: Überlappung", "HS1004", "purpose.code"),
        Arguments.of("audience.overlap}\ncon", "a.b, basis: mood}\ncon", "HS1004", "purpose.basis"),
        Arguments.of(
            "audience.overlap}\ncon",
            "a.b, retention: a month}\ncon",
            "HS1002",
            "purpose.retention"),
        Arguments.of("contract: ctr-autumn", "contract: autumn", "HS1004", "contract"),
        Arguments.of("contract: ctr-autumn", "contract: [ctr-autumn]", "HS1002", "contract"),
        Arguments.of("contract: ctr-autumn", "contract:", "HS1002", "contract"),
        Arguments.of("orders@40", "orders", "HS1004", "inputs.orders"),
        Arguments.of("orders@40", "orders@0", "HS1004", "inputs.orders"),
        Arguments.of("mall-b/orders@40", "7", "HS1002", "inputs.orders"),
        Arguments.of("mall-b/orders@40", "[a1/x@1, a1/x@1]", "HS1004", "inputs.orders"),
        Arguments.of("mall-b/orders@40", "[a1/x@1, 1]", "HS1002", "inputs.orders[1]"),
        Arguments.of("mall-b/orders@40", "[]", "HS1004", "inputs.orders"),
        Arguments.of("orders: mall", "Orders!: mall", "HS1004", "inputs"),
        Arguments.of("mall-b/orders", "../orders", "HS1004", "inputs.orders"),
        Arguments.of(
            "{members: brand-a/members@12, orders: mall-b/orders@40}", "{}", "HS1003", "inputs"),
        Arguments.of("what: {template", "what: {sql: x, template", "HS1004", "what"),
        Arguments.of(
            "what: {template: {name: audience.overlap, parameters: {}}}",
            "what: {}",
            "HS1003",
            "what"),
        Arguments.of(
            "name: audience.overlap, p", "name: unheard.of, p", "HS1004", "what.template.name"),
        Arguments.of(
            "parameters: {}",
            "parameters: {by: city, groups: [a]}",
            "HS1004",
            "what.template.parameters.by"),
        Arguments.of(
            "parameters: {}",
            "parameters: {by: m.city}",
            "HS1003",
            "what.template.parameters.groups"),
        Arguments.of(
            "parameters: {}", "parameters: {groups: [a]}", "HS1003", "what.template.parameters.by"),
        Arguments.of(
            "parameters: {}",
            "parameters: {by: m.city, groups: [a, a]}",
            "HS1004",
            "what.template.parameters.groups[1]"),
        Arguments.of(
            "parameters: {}", "parameters: {keys: [a]}", "HS1001", "what.template.parameters"),
        Arguments.of(
            "name: audience.overlap, parameters: {}",
            "name: aggregate.sum, parameters: {column: c, by: k, keys: [a], lower: 0, upper: 9}",
            "HS1004",
            "what.template.parameters.lower"),
        Arguments.of(
            "name: audience.overlap, parameters: {}",
            "name: aggregate.sum, parameters: {column: c, by: k, keys: [a], mode: twoAggregators}",
            "HS1003",
            "what.template.parameters.aggregators"),
        Arguments.of(
            "name: audience.overlap, parameters: {}",
            "name: aggregate.sum",
            "HS1003",
            "what.template.parameters.column"),
        badStatistics("lower: 0, upper: 9", "HS1003", ".figures"),
        badStatistics("figures: [avg], lower: 0, upper: 9", "HS1004", ".figures[0]"),
        badStatistics("figures: [sum, p0], lower: 0, upper: 9", "HS1004", ".figures[1]"),
        badStatistics("figures: [p100], edges: [0, 9]", "HS1004", ".figures[0]"),
        badStatistics("figures: [p05], edges: [0, 9]", "HS1004", ".figures[0]"),
        badStatistics("figures: [p5.10], edges: [0, 9]", "HS1004", ".figures[0]"),
        badStatistics("figures: [sum, sum], lower: 0, upper: 9", "HS1004", ".figures[1]"),
        badStatistics("figures: [sum]", "HS1003", ".lower"),
        badStatistics("figures: [sum], lower: 0", "HS1003", ".upper"),
        badStatistics("figures: [sum], lower: 0.5, upper: 9", "HS1004", ".lower"),
        badStatistics("figures: [min], lower: 0, upper: 9", "HS1003", ".bins"),
        badStatistics("figures: [min], lower: 0, upper: 9, bins: 0", "HS1004", ".bins"),
        badStatistics("figures: [min], lower: 0, upper: 9999, bins: 1001", "HS1004", ".bins"),
        badStatistics("figures: [mean], lower: 0, upper: 9, bins: 2", "HS1004", ".bins"),
        badStatistics("figures: [min], edges: [0, 9], bins: 2", "HS1004", ".bins"),
        badStatistics("figures: [min], edges: [0, 9], upper: 9", "HS1004", ".upper"),
        badStatistics("figures: [min], edges: [0]", "HS1004", ".edges"),
        badStatistics("figures: [min], edges: [0, 0]", "HS1004", ".edges[1]"),
        badStatistics("figures: [min], edges: [0, a]", "HS1002", ".edges[1]"),
        badStatistics("figures: [min], edges: [0, 4000000000000001]", "HS1004", ".edges[1]"),
        badStatistics("by: k, figures: [sum], lower: 0, upper: 9", "HS1003", ".keys"),
        badStatistics("keys: [k], figures: [sum], lower: 0, upper: 9", "HS1003", ".by"),
        badStatistics("figures: [sum], lower: 0, upper: 9, proofs: ranges", "HS1004", ".proofs"),
        badStatistics(
            "figures: [sum], lower: 0, upper: 9, mode: twoAggregators", "HS1003", ".aggregators"),
        Arguments.of(
            "name: audience.overlap, parameters: {}",
            "name: learn.federated, parameters: {features: [a], label: b, rounds: 0}",
            "HS1004",
            "what.template.parameters.rounds"),
        Arguments.of(
            "name: audience.overlap, parameters: {}",
            "name: learn.federated, parameters: {features: [a], label: b, model: {layers: [{units:"
                + " 4, activation: eval}]}}",
            "HS1004",
            "what.template.parameters.model.layers[0].activation"),
        Arguments.of(
            "name: audience.overlap, parameters: {}",
            "name: learn.federated, parameters: {features: [a], label: b, model: {code: x}}",
            "HS1001",
            "what.template.parameters.model"),
        Arguments.of("epsilon: 0.5", "epsilon: -1", "HS1004", "privacy.epsilon"),
        Arguments.of("epsilon: 0.5", "epsilon: 1000", "HS1004", "privacy.epsilon"),
        Arguments.of("epsilon: 0.5", "epsilon: some", "HS1002", "privacy.epsilon"),
        Arguments.of("epsilon: 0.5", "epsilon: .inf", "HS1002", "privacy.epsilon"),
        Arguments.of("epsilon: 0.5", "epsilon: true", "HS1002", "privacy.epsilon"),
        Arguments.of("epsilon: 0.5", "delta: 0.5", "HS1004", "privacy.delta"),
        Arguments.of("epsilon: 0.5", "minGroup: 0", "HS1004", "privacy.minGroup"),
        Arguments.of("epsilon: 0.5", "minGroup: 1.5", "HS1002", "privacy.minGroup"),
        Arguments.of("epsilon: 0.5", "minGroup: '50'", "HS1002", "privacy.minGroup"),
        Arguments.of("epsilon: 0.5", "weights: {n: 0}", "HS1004", "privacy.weights.n"),
        Arguments.of("epsilon: 0.5", "weights: {n: 1.5}", "HS1002", "privacy.weights.n"),
        Arguments.of("unit: phone", "unit: a b", "HS1004", "privacy.unit"),
        Arguments.of("to: [brand-a]", "to: []", "HS1004", "outputs[0].to"),
        Arguments.of("to: [brand-a]", "to: brand-a", "HS1002", "outputs[0].to"),
        Arguments.of("to: [brand-a]", "to: [Brand A]", "HS1004", "outputs[0].to[0]"),
        Arguments.of("to: [brand-a]", "to: [brand-a, brand-a]", "HS1004", "outputs[0].to"),
        Arguments.of("to: [brand-a]", "to: [brand-a], form: rows", "HS1004", "outputs[0].form"),
        Arguments.of(
            "outputs: [{name: people, to: [brand-a]}]", "outputs: []", "HS1004", "outputs"),
        Arguments.of(
            "outputs: [{name: people, to: [brand-a]}]",
            "outputs: [{name: a, to: [brand-a]}, {name: b, to: [brand-a]}]",
            "HS1004",
            "outputs"),
        Arguments.of("deadline: PT30M", "deadline: soon", "HS1002", "run.deadline"),
        Arguments.of("deadline: PT30M", "attempts: 11", "HS1004", "run.attempts"),
        Arguments.of("deadline: PT30M", "onPartyLoss: ignore", "HS1004", "run.onPartyLoss"));
  }

  @ParameterizedTest
  @MethodSource("good")
  void read_ofGoodJob_agreesWithTheSchema(String from, String to) {
    String text = with(from, to);
    JobSpec job = JobReader.read(text);
    assertEquals(List.of(), List.copyOf(SCHEMA.validate(JobReader.tree(text))));
    assertEquals(List.of(), List.copyOf(SCHEMA.validate(Json.node(job))), "the accepted copy");
    assertEquals(job, JobReader.read(JobReader.write(job)));
    assertEquals(job, JobReader.read(Json.canonical(job)));
  }

  @ParameterizedTest
  @MethodSource("bad")
  void read_ofBadJob_saysWhereAndAgreesWithTheSchema(
      String from, String to, String code, String at) {
    String text = with(from, to);
    Problem problem = problem(text);
    assertEquals(code + " " + at, problem.code().code() + " " + problem.at(), problem::toString);
    assertFalse(SCHEMA.validate(JobReader.tree(text)).isEmpty(), "the schema takes it");
  }

  private static Problem problem(String text) {
    return assertThrows(ProblemException.class, () -> JobReader.read(text)).problem();
  }

  @Test
  void read_writesEveryDefaultIn() {
    JobSpec job = JobReader.read(with("run: {deadline: PT30M}\n", ""));
    assertEquals(new JobSpec.Run(Duration.ofMinutes(30), 3, "fail", List.of()), job.run());
    assertEquals(
        new JobSpec.Privacy(
            "phone",
            Epsilon.parse("0.5"),
            "0.0000001",
            50,
            1,
            1,
            "public",
            "noised",
            "own",
            Map.of()),
        job.privacy());
    assertEquals(new JobSpec.Purpose("audience.overlap", "contract", "P30D"), job.purpose());
    assertEquals("aggregate", job.outputs().getFirst().form());
  }

  @Test
  void read_withoutToken_makesTheSameTextTheSameJob() {
    String token = JobReader.read(MINIMAL).metadata().submitToken();
    assertEquals(token, JobReader.read("# a comment\n" + MINIMAL).metadata().submitToken());
    assertNotEquals(token, JobReader.read(with("0.5", "0.6")).metadata().submitToken());
  }

  @ParameterizedTest
  @CsvSource({"0.1,0.1", "0.30,0.3", "1,1", "1e-1,0.1", "0.123456,0.123456", "0.1234567,0.123457"})
  void read_ofDecimal_neverPassesThroughBinary(String written, String read) {
    assertEquals(read, JobReader.read(with("0.5", written)).privacy().epsilon().toString());
    JobSpec job = JobReader.read(MINIMAL);
    String json = Json.canonicalText(job).replace("\"0.5\"", written);
    assertEquals(read, JobReader.read(json).privacy().epsilon().toString());
  }

  @Test
  void read_ofInputList_keepsAll() {
    assertEquals(
        List.of(ProductRef.parse("a1/orders@1"), ProductRef.parse("b1/orders@2")),
        JobReader.read(with("mall-b/orders@40", "[a1/orders@1, b1/orders@2]"))
            .inputs()
            .get("orders"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kind: Job\nkind: Job",
        "kind: &anchor Job",
        "kind: *alias",
        "kind: !!str Job",
        "kind: !!javax.script.ScriptEngineManager [x]",
        "kind: Job\n<<: {a: b}\n? [a]\n: b",
        "kind: Job\n---\nkind: Job",
        "kind: [Job",
        "kind: \tJob: x: y",
        "kind: \"\\x00\\ud800\"",
        ""
      })
  void read_ofYamlTricks_isRefused(String text) {
    assertTrue(
        List.of("HS1005", "HS1002", "HS1004", "HS1001", "HS1003")
            .contains(problem(MINIMAL.replace("kind: Job", text)).code().code()));
  }

  @Test
  void read_ofTricks_saysTheLine() {
    assertEquals("line 2, column 7", problem(with("kind: Job", "kind: &a Job")).at());
    assertEquals("line 3, column 1", problem(with("kind: Job", "kind: Job\nkind: Job")).at());
    assertEquals("HS1005", problem("{\"kind\":\"Job\",\"kind\":\"Job\"}").code().code());
    assertEquals("HS1005", problem("{\"kind\":\"Job\"} {}").code().code());
  }

  @Test
  void read_ofHugeOrDeep_isRefusedBeforeWork() {
    assertEquals("HS1006", problem(" ".repeat(JobReader.BYTES_MAX + 1)).code().code());
    assertEquals("HS1005", problem("[".repeat(5000)).code().code());
    assertEquals("HS1005", problem("{\"a\":".repeat(5000)).code().code());
    assertEquals(
        "HS1005",
        assertThrows(
                ProblemException.class,
                () -> JobReader.read("kind: \u00e4".getBytes(StandardCharsets.ISO_8859_1)))
            .problem()
            .code()
            .code());
  }

  @Test
  void publishedSchema_isThatOfTheReader() throws IOException {
    assertEquals(
        JobReader.schema(), Files.readString(Path.of("../../docs/schema/job.schema.json")));
  }

  @Test
  void schema_knowsEveryTemplate() {
    for (Template template : Templates.all()) {
      assertTrue(JobReader.schema().contains("\"" + template.name() + "\": {"), template.name());
    }
  }

  @Test
  void reference_describesEveryTemplate() throws IOException {
    String reference = Files.readString(Path.of("../../docs/jobs.md"));
    for (Template template : Templates.all()) {
      assertTrue(reference.contains("### " + template.name()), template.name());
    }
  }
}

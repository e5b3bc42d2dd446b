package hesuan.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import hesuan.wire.ContractId;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobSpec;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Period;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Reads a job as an analyst writes it, in YAML or JSON, and writes every default in. Reading what
 * it returned gives the same job again.
 */
public final class JobReader {
  public static final int BYTES_MAX = 1 << 18;
  static final int SQL_MAX = 100_000;
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._-]{8,128}");
  private static final Pattern ALIAS = Pattern.compile("[a-z][a-z0-9_]{0,39}");
  private static final Pattern CODE = Pattern.compile("[a-z][a-z0-9]*(\\.[a-z][a-z0-9]*){0,7}");
  private static final Pattern COLUMN = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,62}");
  private static final int WEIGHT_MAX = 1000;
  private static final Duration DEADLINE_MIN = Duration.ofSeconds(5);
  private static final Duration DEADLINE_MAX = Duration.ofDays(1);

  static final String PUBLIC_KEYS = "public";
  static final String PRIVATE_KEYS = "private";
  static final String HIDDEN_MATCHES = "hidden";
  static final String SHARED_NOISE = "shared";

  /** No column: for answers that are about no person. */
  public static final String NO_UNIT = "none";

  private JobReader() {}

  public static JobSpec read(byte[] bytes) {
    if (bytes.length > BYTES_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE,
          "document",
          "at most " + BYTES_MAX + " bytes",
          bytes.length + " bytes");
    }
    try {
      return read(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      throw new ProblemException(
          ErrorCode.MALFORMED_DOCUMENT, "document", "UTF-8", "bytes that are not");
    }
  }

  public static JobSpec read(String text) {
    if (text.length() > BYTES_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE,
          "document",
          "at most " + BYTES_MAX + " characters",
          text.length() + " characters");
    }
    JobSpec job = job(tree(text));
    Json.canonical(job); // refuses text that has no canonical form
    return job;
  }

  /** As YAML that {@link #read} takes back. */
  public static String write(JobSpec job) {
    try {
      return new YAMLMapper(
              YAMLFactory.builder()
                  .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                  .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                  .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
                  .disable(YAMLGenerator.Feature.SPLIT_LINES)
                  .build())
          .writeValueAsString(Json.node(job));
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The JSON Schema (2020-12) of what {@link #read} takes. */
  public static String schema() {
    try (InputStream in = JobReader.class.getResourceAsStream("job.schema.json")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonNode tree(String text) {
    if (!text.stripLeading().startsWith("{")) {
      return YamlTree.read(text);
    }
    try {
      return Json.mapper()
          .reader()
          .with(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .readTree(text);
    } catch (JsonProcessingException e) {
      throw new ProblemException(
          ErrorCode.MALFORMED_DOCUMENT,
          e.getLocation() == null
              ? "document"
              : "line %d, column %d"
                  .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr()),
          "JSON, each field once, nothing after it",
          e.getOriginalMessage().lines().findFirst().orElse(""));
    }
  }

  private static JobSpec job(JsonNode tree) {
    Fields f =
        Fields.of(
            tree,
            "",
            "apiVersion",
            "kind",
            "metadata",
            "purpose",
            "contract",
            "inputs",
            "what",
            "privacy",
            "outputs",
            "run");
    String apiVersion = constant(f, "apiVersion", "hesuan/v1");
    String kind = constant(f, "kind", "Job");
    JobSpec job =
        new JobSpec(
            apiVersion,
            kind,
            metadata(f.object("metadata", "name", "submitToken")),
            purpose(f.object("purpose", "code", "basis", "retention")),
            f.parsed("contract", ContractId::new),
            inputs(f.objectOfAnyFields("inputs")),
            what(f.object("what", "template", "sql")),
            privacy(
                f.objectOrEmpty(
                    "privacy",
                    "unit",
                    "epsilon",
                    "delta",
                    "minGroup",
                    "maxGroups",
                    "maxRows",
                    "keys",
                    "matches",
                    "noise",
                    "weights")),
            outputs(f),
            run(f.objectOrEmpty("run", "deadline", "attempts", "onPartyLoss", "aggregators")));
    return job.metadata().submitToken().isEmpty() ? withToken(job) : job;
  }

  /** The same text is the same job: asked twice it is answered, and paid for, once. */
  private static JobSpec withToken(JobSpec job) {
    String token = "spec-" + job.digest().hex().substring(0, 32);
    return new JobSpec(
        job.apiVersion(),
        job.kind(),
        new JobSpec.Metadata(job.metadata().name(), token),
        job.purpose(),
        job.contract(),
        job.inputs(),
        job.what(),
        job.privacy(),
        job.outputs(),
        job.run());
  }

  private static String constant(Fields f, String name, String value) {
    return f.textLike(name, Pattern.compile(Pattern.quote(value)), value);
  }

  private static JobSpec.Metadata metadata(Fields f) {
    return new JobSpec.Metadata(
        f.textLike("name", NAME, "lower-case letters, digits and hyphens"),
        f.has("submitToken")
            ? f.textLike("submitToken", TOKEN, "8 to 128 letters, digits, dots, hyphens")
            : "");
  }

  private static JobSpec.Purpose purpose(Fields f) {
    String retention = f.text("retention", "P30D");
    try {
      Period period = Period.parse(retention);
      if (period.isNegative() || period.isZero()) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE, f.path("retention"), "more than no time", retention);
      }
    } catch (DateTimeParseException e) {
      throw new ProblemException(
          ErrorCode.WRONG_TYPE, f.path("retention"), "a period such as P30D", retention);
    }
    return new JobSpec.Purpose(
        f.textLike("code", CODE, "a code such as audience.overlap"),
        f.oneOf(
            "basis",
            "contract",
            List.of("contract", "consent", "legalObligation", "publicInterest")),
        retention);
  }

  private static Map<String, List<ProductRef>> inputs(Fields f) {
    if (f.names().isEmpty() || f.names().size() > 16) {
      throw new ProblemException(
          ErrorCode.MISSING_FIELD, "inputs", "1 to 16 aliases", "" + f.names().size());
    }
    Map<String, List<ProductRef>> inputs = new TreeMap<>();
    for (String alias : f.names()) {
      if (!ALIAS.matcher(alias).matches()) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE, "inputs", "an alias such as orders", alias);
      }
      JsonNode node = f.required(alias);
      List<ProductRef> refs =
          node.isArray()
              ? Fields.elements(node, f.path(alias), JobReader::ref)
              : List.of(ref(node, f.path(alias)));
      if (Set.copyOf(refs).size() != refs.size()) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE, f.path(alias), "each product once", refs.toString());
      }
      inputs.put(alias, refs);
    }
    return inputs;
  }

  private static ProductRef ref(JsonNode node, String at) {
    return Fields.parsed(Fields.asText(node, at), at, ProductRef::parse);
  }

  private static JobSpec.What what(Fields f) {
    if (f.has("template") == f.has("sql")) {
      throw new ProblemException(
          f.has("sql") ? ErrorCode.INVALID_VALUE : ErrorCode.MISSING_FIELD,
          "what",
          "either template or sql",
          f.has("sql") ? "both" : "neither");
    }
    if (f.has("sql")) {
      String sql = f.text("sql").strip();
      if (sql.length() > SQL_MAX) {
        throw new ProblemException(
            ErrorCode.TOO_LARGE,
            f.path("sql"),
            "at most " + SQL_MAX + " characters",
            sql.length() + " characters");
      }
      return new JobSpec.What(null, sql);
    }
    Fields t = f.object("template", "name", "parameters");
    Template template = Templates.of(t.text("name"), t.path("name"));
    ObjectNode parameters = template.parameters(t.objectOfAnyFields("parameters"));
    return new JobSpec.What(new JobSpec.Template(template.name(), parameters), null);
  }

  private static JobSpec.Privacy privacy(Fields f) {
    BigDecimal epsilon = f.decimal("epsilon", "0", "0", "100");
    BigDecimal delta = f.decimal("delta", "0.0000001", "0", "0.001");
    return new JobSpec.Privacy(
        f.has("unit") ? f.textLike("unit", COLUMN, "a column") : NO_UNIT,
        Epsilon.parse(Fields.plain(epsilon)),
        Fields.plain(delta),
        f.integer("minGroup", 50, 1, 1_000_000),
        f.integer("maxGroups", 1, 1, 1000),
        f.integer("maxRows", 1, 1, 100_000),
        f.oneOf("keys", PUBLIC_KEYS, List.of(PUBLIC_KEYS, PRIVATE_KEYS)),
        f.oneOf("matches", "noised", List.of("noised", HIDDEN_MATCHES)),
        f.oneOf("noise", "own", List.of("own", SHARED_NOISE)),
        weights(f.objectOfAnyFields("weights")));
  }

  private static Map<String, Integer> weights(Fields f) {
    Map<String, Integer> weights = new TreeMap<>();
    f.names().forEach(column -> weights.put(column, f.integer(column, 1, WEIGHT_MAX)));
    return weights;
  }

  /** A list, because a job of several steps will have several. */
  private static List<JobSpec.Output> outputs(Fields f) {
    List<JobSpec.Output> outputs =
        f.list("outputs", (node, at) -> output(Fields.of(node, at, "name", "to", "form")));
    if (outputs.size() > 1) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "outputs", "one output", "" + outputs.size());
    }
    return outputs;
  }

  private static JobSpec.Output output(Fields f) {
    List<PartyId> to =
        f.list("to", (node, at) -> Fields.parsed(Fields.asText(node, at), at, PartyId::new));
    if (new TreeSet<>(to).size() != to.size()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, f.path("to"), "each party once", to.toString());
    }
    return new JobSpec.Output(
        f.textLike("name", COLUMN, "letters, digits and underscores"),
        to,
        f.oneOf("form", "aggregate", List.of("aggregate", "model", "members")));
  }

  private static List<PartyId> aggregators(Fields f) {
    if (!f.has("aggregators") || f.required("aggregators").isEmpty()) {
      return List.of();
    }
    List<PartyId> two =
        f.list(
            "aggregators", (node, at) -> Fields.parsed(Fields.asText(node, at), at, PartyId::new));
    if (two.size() != 2 || two.getFirst().equals(two.getLast())) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, f.path("aggregators"), "two parties", two.toString());
    }
    return two;
  }

  private static JobSpec.Run run(Fields f) {
    String text = f.text("deadline", "PT30M");
    try {
      Duration deadline = Duration.parse(text);
      if (deadline.compareTo(DEADLINE_MIN) < 0
          || deadline.compareTo(DEADLINE_MAX) > 0
          || deadline.getNano() != 0) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            f.path("deadline"),
            DEADLINE_MIN + " to " + DEADLINE_MAX + " in whole seconds",
            text);
      }
      return new JobSpec.Run(
          deadline,
          f.integer("attempts", 3, 1, 10),
          f.oneOf("onPartyLoss", "fail", List.of("fail", "continue")),
          aggregators(f));
    } catch (DateTimeParseException e) {
      throw new ProblemException(
          ErrorCode.WRONG_TYPE, f.path("deadline"), "a duration such as PT30M", text);
    }
  }
}

package hesuan.cli;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.source.Source;
import hesuan.wire.ErrorCode;
import hesuan.wire.IdRule;
import hesuan.wire.Json;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hesuan product}: what a party offers to computations. */
@picocli.CommandLine.Command(
    name = "product",
    description = "Publish, list and withdraw data products. 数据产品的发布、查看与撤回。",
    subcommands = {
      ProductCommands.Publish.class,
      ProductCommands.ListAll.class,
      ProductCommands.Prepare.class,
      ProductCommands.Withdraw.class
    })
final class ProductCommands extends Group {

  @picocli.CommandLine.Command(
      name = "publish",
      description =
          "Publish the next version of a product from a file or table that stays where it is. 发布产品的下一版本；文件或表留在原处。")
  static final class Publish extends HomeCommand {
    @Option(names = "--name", required = true)
    String name = "";

    @Option(names = "--title", defaultValue = "")
    String title = "";

    /** Where the rows lie: one of these. */
    static final class SourceOption {
      @Option(names = "--csv", required = true, paramLabel = "FILE")
      @Nullable Path csv;

      @Option(names = "--parquet", required = true, paramLabel = "FILE")
      @Nullable Path parquet;

      @Option(names = "--duckdb", required = true, paramLabel = "FILE")
      @Nullable Path duckdb;

      @Option(
          names = "--source",
          required = true,
          paramLabel = "FILE",
          description =
              "Any source, PostgreSQL among them, as docs/connectors.md describes it, in JSON; its paths start at the file's folder. 任意数据源（含 PostgreSQL）的 JSON 描述文件。")
      @Nullable Path document;
    }

    @ArgGroup(multiplicity = "1")
    SourceOption source = new SourceOption();

    @Option(names = "--table", description = "Table of a DuckDB file. DuckDB 文件中的表。")
    @Nullable String table;

    @Option(names = "--id", required = true, paramLabel = "COLUMN")
    String id = "";

    @Option(
        names = "--id-rule",
        defaultValue = "phone-cn/1",
        description =
            "phone-cn/1, email/1, national-id-cn/1 or opaque/1 (default: ${DEFAULT-VALUE}). 标识归一化规则。")
    String idRule = "";

    @Option(
        names = "--rule",
        paramLabel = "COLUMN=LEVEL",
        description =
            "What may be disclosed of a column: never, compute, aggregate, joinKey or plain; * is every other column. 列的披露级别。")
    List<String> rules = new ArrayList<>();

    @Option(
        names = "--purpose",
        defaultValue = "*",
        paramLabel = "CODE",
        description = "For which purposes (default: all the contract names). 允许的用途。")
    List<String> purposes = new ArrayList<>();

    @Option(
        names = "--days",
        defaultValue = "365",
        description = "How long the rules grant. 规则有效天数。")
    int days;

    @Option(names = "--min-group", defaultValue = "20")
    int minGroup;

    @Option(
        names = "--max-epsilon",
        defaultValue = "1",
        description = "Most one job may spend. 单个作业上限。")
    String maxEpsilon = "";

    @Option(
        names = "--budget",
        defaultValue = "5",
        paramLabel = "EPSILON",
        description = "What all jobs ever may spend together (default: ${DEFAULT-VALUE}). 终身总预算。")
    String budget = "";

    @Option(
        names = "--delta",
        paramLabel = "DELTA",
        description =
            "With which the budget may fail: below one in the number of people; as it stands, or 0.00001, if not given. 预算失效的概率；不写则不变，新产品为 0.00001。")
    @Nullable String delta;

    @Option(
        names = "--rate",
        paramLabel = "EPSILON/DAYS",
        description =
            "At most so much of it in any so many days, such as 1/30. 速率限制，如 1/30：任意 30 天内至多 1。")
    @Nullable String rate;

    @Option(
        names = "--where",
        paramLabel = "SQL",
        description = "Rows outside this do not exist for any job. 行过滤条件。")
    @Nullable String where;

    @Override
    protected int run(Console console) throws Exception {
      Map<String, Object> request = new LinkedHashMap<>();
      request.put("name", name);
      request.put("title", title.isEmpty() ? name : title);
      request.put("source", sourceDocument());
      request.put("id", Map.of("column", id, "rule", IdRule.of(idRule).text()));
      request.put("rules", ruleDocuments());
      request.put("terms", Map.of("minGroup", minGroup, "maxEpsilon", maxEpsilon));
      if (where != null) {
        request.put("rowFilter", where);
      }
      request.put("budget", budget);
      if (delta != null) {
        request.put("budgetDelta", delta);
      }
      if (rate != null) {
        request.put("rate", BudgetCommand.rate(rate));
      }
      try (Api api = home().agent()) {
        JsonNode published = api.publish(request);
        JsonNode quality = published.path("quality");
        console.say(
            "Published %s: about %d rows, %d people (%d ids empty, %d malformed, %d repeated). The data stay where they are.",
            "已发布 %s：约 %d 行，%d 人（标识为空 %d、格式错误 %d、重复 %d）。数据留在原处。",
            published.path("product").path("ref").asText(),
            published.path("product").path("rows").asLong(),
            quality.path("distinct").asLong(),
            quality.path("empty").asLong(),
            quality.path("malformed").asLong(),
            quality.path("duplicates").asLong());
        console.document(published);
        if (published.hasNonNull("refused")) {
          JsonNode refused = published.path("refused");
          throw new ProblemException(
              ErrorCode.of(refused.path("code").asText()),
              refused.path("at").asText(),
              refused.path("expected").asText(),
              refused.path("found").asText());
        }
        if (published.path("accepted").asBoolean()) {
          console.say(
              "It is in the catalogue. Next: hesuan contract create --home %s …",
              "已进入目录。下一步：hesuan contract create --home %s …", folder);
        } else {
          console.say(
              "The coordinator has not answered yet; the agent goes on telling it.",
              "协调方尚未应答；代理会继续告知。");
        }
      }
      return Exit.OK;
    }

    private Map<String, Object> sourceDocument() throws IOException {
      if (source.document != null) {
        Path file = source.document.toAbsolutePath();
        return Source.of(Json.tree(Files.readAllBytes(file)), file.getParent()).document();
      }
      if (source.csv != null) {
        return Map.of("kind", "csv", "path", source.csv.toAbsolutePath().toString());
      }
      if (source.parquet != null) {
        return Map.of("kind", "parquet", "path", source.parquet.toAbsolutePath().toString());
      }
      if (source.duckdb == null || table == null) {
        throw new ProblemException(
            ErrorCode.MISSING_FIELD, "--table", "the table of the DuckDB file", "nothing");
      }
      return Map.of(
          "kind", "duckdb", "path", source.duckdb.toAbsolutePath().toString(), "table", table);
    }

    private List<Map<String, Object>> ruleDocuments() {
      String until = LocalDate.now(ZoneOffset.UTC).plusDays(days).toString();
      List<String> all = new ArrayList<>(rules);
      if (rules.stream().noneMatch(r -> r.startsWith(id + "="))) {
        all.add(id + "=joinKey");
      }
      if (rules.stream().noneMatch(r -> r.startsWith("*="))) {
        all.add("*=aggregate");
      }
      List<Map<String, Object>> documents = new ArrayList<>();
      for (String rule : all) {
        String[] parts = rule.split("=", 2);
        if (parts.length != 2) {
          throw new ProblemException(ErrorCode.INVALID_VALUE, "--rule", "COLUMN=LEVEL", rule);
        }
        documents.add(
            Map.of(
                "column",
                parts[0],
                "level",
                parts[1],
                "receivers",
                List.of("*"),
                "purposes",
                purposes,
                "until",
                until));
      }
      return documents;
    }
  }

  @picocli.CommandLine.Command(name = "list", description = "The federation's catalogue. 联邦目录。")
  static final class ListAll extends HomeCommand {
    @Override
    protected int run(Console console) throws Exception {
      try (Api api = home().coordinator()) {
        JsonNode products = api.get("/products").path("products");
        for (JsonNode product : products) {
          console.line(
              "%-32s %-10s %s"
                  .formatted(
                      product.path("ref").asText(),
                      product.path("withdrawn").asBoolean()
                          ? console.text("withdrawn", "已撤回")
                          : console.text("published", "已发布"),
                      product.path("title").asText()));
        }
        console.document(products);
      }
      return Exit.OK;
    }
  }

  @picocli.CommandLine.Command(
      name = "prepare",
      description =
          "Make a version ready to be asked by engine unbalanced; its first job does it otherwise. 为 unbalanced 引擎预先准备产品版本；否则由首个作业完成。")
  static final class Prepare extends HomeCommand {
    @Parameters(paramLabel = "NAME@VERSION")
    String product = "";

    @Override
    protected int run(Console console) throws Exception {
      try (Api api = home().agent()) {
        JsonNode done;
        do {
          done = api.post(path(product) + "/prepare", Map.of());
        } while (!done.path("ready").asBoolean());
        console.say(
            "%s is ready: %d people, revision %d.",
            "%s 已就绪：%d 人，修订 %d。",
            done.path("ref").asText(),
            done.path("people").asLong(),
            done.path("revision").asInt());
        console.document(done);
      }
      return Exit.OK;
    }
  }

  /** Of a version, as {@code NAME@VERSION} or with its owner. */
  private static String path(String product) {
    String[] parts = product.substring(product.indexOf('/') + 1).split("@", 2);
    if (parts.length != 2) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "product", "NAME@VERSION", product);
    }
    return "/products/" + parts[0] + "/" + parts[1];
  }

  @picocli.CommandLine.Command(
      name = "withdraw",
      description = "Withdraw a version; running jobs on it are stopped. 撤回版本，使用它的作业随即停止。")
  static final class Withdraw extends HomeCommand {
    @Parameters(paramLabel = "NAME@VERSION")
    String product = "";

    @Override
    protected int run(Console console) throws Exception {
      try (Api api = home().agent()) {
        JsonNode done = api.post(path(product) + "/withdraw", Map.of());
        console.say(
            "Withdrawn: %s. No job that has not been released can use it.",
            "已撤回：%s。尚未释放结果的作业都不能再使用它。", done.path("ref").asText());
        console.document(done);
      }
      return Exit.OK;
    }
  }
}

package hesuan.cli;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.math.BigDecimal;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hesuan budget}: what this party may still let be learned. */
@picocli.CommandLine.Command(
    name = "budget",
    description = "Privacy budget of this party's products. 本方产品的隐私预算。",
    subcommands = {
      BudgetCommand.Allow.class,
      BudgetCommand.Queries.class,
      BudgetCommand.Resolve.class
    })
final class BudgetCommand extends Command {
  private static final Pattern RATE = Pattern.compile("([0-9.]+)/([0-9]{1,4})");

  /** Not required by the parser, which would then ask for it twice before a subcommand. */
  @Option(names = "--home", paramLabel = "FOLDER", description = "Home of an agent. 代理的主目录。")
  @Nullable Path folder;

  @Option(
      names = "--days",
      defaultValue = "30",
      description = "The forecast looks back so far (default: ${DEFAULT-VALUE}). 预测所依据的天数。")
  int days;

  @Option(
      names = "--epsilon",
      description = "How many more jobs of that cost fit; as the latest if not given. 单个作业的消耗。")
  @Nullable String epsilon;

  @Override
  protected int run(Console console) throws Exception {
    if (folder == null) {
      throw new ProblemException(ErrorCode.MISSING_FIELD, "--home", "the agent's home", "nothing");
    }
    try (Api agent = new Home(folder).agent()) {
      String shape =
          epsilon == null ? "" : "&epsilon=" + URLEncoder.encode(epsilon, StandardCharsets.UTF_8);
      JsonNode lines = agent.get("/budget?days=" + days + shape);
      tell(console, lines);
      tellQueries(console, agent.get("/budget/queries"));
      JsonNode ledger = agent.get("/budget/ledger");
      for (JsonNode lost : ledger.path("lost")) {
        console.say(
            "Rolled back: %s has seen entry %d of this ledger, which this disk has not. Nothing is spent until: hesuan budget resolve --home %s",
            "账本已回滚：%s 见过第 %d 条记录，而本机磁盘没有。在执行 hesuan budget resolve --home %s 之前不会再消耗预算。",
            lost.path("toldBy").asText(),
            lost.path("number").asLong(),
            folder);
      }
      console.document(lines);
    }
    return Exit.OK;
  }

  private static void tell(Console console, JsonNode lines) {
    for (JsonNode line : lines) {
      console.say(
          "%s per %s: %s of %s charged, %s reserved, %s left for one job",
          "%s（每%s）：已用 %s / %s，预留 %s，单个作业至多可用 %s",
          line.path("asset").asText(),
          line.path("unit").asText(),
          line.path("charged").asText(),
          line.path("limit").asText(),
          line.path("reserved").asText(),
          line.path("left").asText());
      tellCounts(console, line);
      if (line.path("rateDays").asInt() > 0) {
        console.say(
            "  at most %s in any %d days: %s now",
            "  任意 %2$d 天内至多 %1$s：当前可用 %3$s",
            line.path("rate").asText(),
            line.path("rateDays").asInt(),
            line.path("leftNow").asText());
      }
      JsonNode forecast = line.path("forecast");
      if (forecast.hasNonNull("jobsLeft")) {
        console.say(
            "  %d more jobs of %s fit",
            "  还可运行 %d 个消耗 %s 的作业",
            forecast.path("jobsLeft").asLong(),
            forecast.path("jobCost").asText());
      }
      if (forecast.hasNonNull("endsOn")) {
        console.say(
            "  at the rate of the last %d days (%d jobs, %s) it ends on %s",
            "  按最近 %d 天的速度（%d 个作业，共 %s），将于 %s 用尽",
            forecast.path("days").asInt(),
            forecast.path("jobs").asInt(),
            forecast.path("charged").asText(),
            forecast.path("endsOn").asText());
      }
    }
  }

  /** The two ways of counting, by either of which a job may go ahead. */
  private static void tellCounts(Console console, JsonNode line) {
    JsonNode added = line.path("added");
    if (!line.hasNonNull("delta")) {
      console.say(
          "  epsilons add up to %s; without a delta (hesuan budget allow --delta) nothing else counts",
          "  epsilon 累加为 %s；未设 delta（hesuan budget allow --delta），只按累加计", sum(added));
      return;
    }
    JsonNode concentrated = line.path("concentrated");
    console.say(
        "  at delta %s: epsilons add up to %s of %s (deltas %s of %s), or rhos to %s of %s (deltas %s of %s)",
        "  delta %s：epsilon 累加 %s / %s（delta %s / %s），或 rho %s / %s（delta %s / %s）",
        line.path("delta").asText(),
        sum(added),
        added.path("most").asText(),
        added.path("delta").asText(),
        added.path("deltaMost").asText(),
        sum(concentrated),
        concentrated.path("most").asText(),
        concentrated.path("delta").asText(),
        concentrated.path("deltaMost").asText());
  }

  private static String sum(JsonNode count) {
    return new BigDecimal(count.path("charged").asText())
        .add(new BigDecimal(count.path("reserved").asText()))
        .toPlainString();
  }

  private static void tellQueries(Console console, JsonNode lines) {
    for (JsonNode line : lines) {
      String asset =
          line.hasNonNull("lookup") ? line.path("lookup").asText() : line.path("asset").asText();
      String by = line.path("by").asText();
      long asked = line.path("asked").asLong();
      if (line.hasNonNull("limit")) {
        console.say(
            "%s has asked %s about %d of its people; %d of %d are left%s",
            "%s 已向 %s 查询 %d 人；限额 %5$d，剩余 %4$d%6$s",
            by,
            asset,
            asked,
            line.path("left").asLong(),
            line.path("limit").asLong(),
            line.path("usual").asBoolean() ? console.text(" (the usual)", "（默认）") : "");
      } else {
        console.say(
            "%s has asked %s about %d of its people; there is no limit",
            "%s 已向 %s 查询 %d 人；无限额", by, asset, asked);
      }
    }
  }

  /** {@code 1/30} as the API says it. */
  static Map<String, Object> rate(String text) {
    Matcher parts = RATE.matcher(text);
    if (!parts.matches()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "--rate", "EPSILON/DAYS, such as 1/30", text);
    }
    return Map.of("epsilon", parts.group(1), "days", Integer.parseInt(parts.group(2)));
  }

  @picocli.CommandLine.Command(
      name = "allow",
      description =
          "Set what a product's jobs may spend; what is spent stays spent. 设置产品预算；已消耗的不会恢复。")
  static final class Allow extends HomeCommand {
    @Parameters(paramLabel = "NAME", description = "Of the product. 产品名。")
    String name = "";

    @Option(
        names = "--limit",
        required = true,
        paramLabel = "EPSILON",
        description = "For the product's life. 终身总预算。")
    String limit = "";

    @Option(
        names = "--delta",
        paramLabel = "DELTA",
        description = "With which the limit may fail; as it stands if not given. 限额失效的概率；不写则不变。")
    @Nullable String delta;

    @Option(
        names = "--rate",
        paramLabel = "EPSILON/DAYS",
        description = "At most so much in any so many days; none if not given. 速率限制，不写则无。")
    @Nullable String rate;

    @Override
    protected int run(Console console) throws Exception {
      Map<String, Object> request = new LinkedHashMap<>();
      request.put("product", name);
      request.put("limit", limit);
      if (delta != null) {
        request.put("delta", delta);
      }
      if (rate != null) {
        request.put("rate", rate(rate));
      }
      try (Api agent = home().agent()) {
        JsonNode lines = agent.post("/budget/allow", request);
        tell(console, lines);
        console.document(lines);
      }
      return Exit.OK;
    }
  }

  @picocli.CommandLine.Command(
      name = "queries",
      description =
          "Set of how many of its people a counterparty may ask whether they are in a product; what was asked stays asked. 设置对手方可向产品查询的人数；已查询的不会恢复。")
  static final class Queries extends HomeCommand {
    @Parameters(paramLabel = "NAME", description = "Of the product. 产品名。")
    String name = "";

    @Option(names = "--by", required = true, paramLabel = "PARTY", description = "Who asks. 查询方。")
    String by = "";

    /** One of the two: no limit is never by accident. */
    static final class Limit {
      @Option(
          names = "--limit",
          required = true,
          paramLabel = "ITEMS",
          description = "Over all versions, with those asked before. 所有版本合计，含已查询的。")
      @Nullable Long limit;

      @Option(names = "--unlimited", required = true, description = "No limit. 不设限额。")
      boolean unlimited;
    }

    @ArgGroup(multiplicity = "1")
    Limit limit = new Limit();

    @Override
    protected int run(Console console) throws Exception {
      Map<String, Object> request = new LinkedHashMap<>();
      request.put("product", name);
      request.put("by", by);
      request.put("unlimited", limit.unlimited);
      if (limit.limit != null) {
        request.put("limit", limit.limit);
      }
      try (Api agent = home().agent()) {
        JsonNode lines = agent.post("/budget/queries", request);
        tellQueries(console, lines);
        console.document(lines);
      }
      return Exit.OK;
    }
  }

  @picocli.CommandLine.Command(
      name = "resolve",
      description =
          "After a rollback: say what the lost entries spent; of a product not named, all that is left. 账本回滚后声明丢失记录的消耗；未列出的产品视为全部用尽。")
  static final class Resolve extends HomeCommand {
    @Option(
        names = "--spent",
        paramLabel = "NAME=EPSILON[,DELTA]",
        description =
            "What counts as spent since this copy of the disk; without a delta, all that was left of it. 自该磁盘副本以来的消耗；不写 delta 则其余额视为用尽。")
    List<String> spent = new ArrayList<>();

    @Override
    protected int run(Console console) throws Exception {
      List<Map<String, Object>> amounts = new ArrayList<>();
      for (String each : spent) {
        String[] parts = each.split("=", 2);
        if (parts.length != 2) {
          throw new ProblemException(
              ErrorCode.INVALID_VALUE, "--spent", "NAME=EPSILON or NAME=EPSILON,DELTA", each);
        }
        String[] amount = parts[1].split(",", 2);
        amounts.add(
            amount.length == 1
                ? Map.of("product", parts[0], "epsilon", amount[0])
                : Map.of("product", parts[0], "epsilon", amount[0], "delta", amount[1]));
      }
      try (Api agent = home().agent()) {
        JsonNode ledger = agent.post("/budget/resolve", Map.of("spent", amounts));
        console.say(
            "Resolved: the ledger goes on at entry %d.",
            "已处理：账本从第 %d 条继续。", ledger.path("number").asLong());
        console.document(ledger);
      }
      return Exit.OK;
    }
  }
}

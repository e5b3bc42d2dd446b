package hesuan.cli;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.demo.data.DemoData;
import hesuan.demo.data.Population;
import hesuan.demo.data.Truth;
import hesuan.evidence.Receipt;
import hesuan.evidence.ReceiptVerifier;
import hesuan.evidence.TrustedKeys;
import hesuan.evidence.Verification;
import hesuan.source.IdColumn;
import hesuan.source.IdSet;
import hesuan.source.ReadLimits;
import hesuan.source.SourceReader;
import hesuan.wire.Contract;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.IdRule;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Product;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The demo's story, from three folders of synthetic data to receipts that verify offline. */
final class Demo {
  static final List<String> PARTIES = List.of("brand-a", "mall-b", "pay-c");
  private static final String BRAND = "brand-a";

  /** Farther from the truth than this many half-widths never happens by noise. */
  private static final long FAR = 3;

  /** As the DP query of the examples has them. */
  private static final Truth.Bounds BOUNDS = new Truth.Bounds(2, 5, 0, 50_000);

  private final Console console;
  private final DemoFederation federation;
  private final long seed;
  private boolean well = true;

  Demo(Console console, DemoFederation federation, long seed) {
    this.console = console;
    this.federation = federation;
    this.seed = seed;
  }

  /** Whether everything came out as it should. */
  boolean run() throws Exception {
    Truth truth = setUp();
    chapter("Overlap of two parties, by city", "两方重合人数（按城市）");
    byte[] receipt = overlap("overlap", truth.brandMall().byCity());
    chapter("Overlap of three parties", "三方重合人数");
    overlap("overlap-three", Map.of("", truth.brandMallPay().total()));
    chapter("Whom two parties share: a list that stays with its owner", "两方共有人群（名单留在本方）");
    intersect("intersect", "shared_members", truth.brandMall().total(), Map.of("mall-b", "visits"));
    chapter("Whom all three share, and nobody learns of any two", "三方共有人群（任何两方之间的不泄露）");
    intersect(
        "intersect-three",
        "shared_by_three",
        truth.brandMallPay().total(),
        Map.of("mall-b", "visits", "pay-c", "users"));
    chapter("Did the campaign sell? Lift, and nobody learns who bought", "投放是否带来购买（增量），且无人得知谁买了");
    lift("lift", truth.lift());
    console.say("  the same, and nobody sees how many match", "  同一问题，且无人得知匹配数");
    lift("lift-hidden", truth.lift());
    chapter("Secure sum of the stores' turnover", "门店营业额安全求和");
    secureSum("secure-sum", truth);
    chapter("The same over two aggregators: each party speaks once", "同一问题，经两个聚合方：每方只说一次");
    secureSum("two-aggregators", truth);
    statistics(truth);
    chapter("One SQL question to all three, under differential privacy", "一条 SQL 询问三方（差分隐私）");
    query("dp-query", truth);
    console.say("  the three share the noise", "  三方共同加一份噪声");
    query("shared-noise", truth);
    chapter("Federated learning", "联邦学习");
    learn();
    chapter("A job that must be refused", "必须被拒绝的作业");
    refused();
    chapter("Budgets", "隐私预算");
    budgets();
    chapter("One byte of a receipt is changed", "改动凭证的一个字节");
    tamper(receipt);
    return well;
  }

  private Truth setUp() throws Exception {
    chapter("Three parties, each in a folder of its own", "三个参与方，各在自己的目录");
    try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      Path data = federation.folder().resolve("data");
      federation.found();
      Future<Truth> truth = pool.submit(() -> DemoData.write(seed, data, BOUNDS));
      all(
          pool,
          party -> {
            federation.join(party, !party.equals("pay-c"));
            federation.startAgent(party, Map.of());
            federation.awaitAgent(party);
            return null;
          });
      console.say(
          "  coordinator and agents run as processes of their own; mall-b's and brand-a's agents take direct connections, pay-c's has no inbound port",
          "  协调方与各代理均为独立进程；brand-a 与 mall-b 可直连，pay-c 无入站端口");
      Truth known = truth.get();
      console.say(
          "  synthetic data of %d people (seed %d): CSV at brand-a, Parquet at mall-b, DuckDB at pay-c",
          "  合成数据 %d 人（种子 %d）：brand-a 为 CSV，mall-b 为 Parquet，pay-c 为 DuckDB", known.people(), seed);
      all(
          pool,
          party -> {
            for (Map<String, Object> product : DemoProducts.of(party, data)) {
              publish(party, product);
            }
            return null;
          });
      contract(pool);
      return known;
    }
  }

  private interface ForParty {
    Object apply(String party) throws Exception;
  }

  private static void all(ExecutorService pool, ForParty work) throws Exception {
    List<Future<?>> running = new ArrayList<>();
    for (String party : PARTIES) {
      running.add(pool.submit((Callable<Object>) () -> work.apply(party)));
    }
    for (Future<?> each : running) {
      each.get();
    }
  }

  private void publish(String party, Map<String, Object> product) throws Exception {
    try (Api api = federation.at(party).agent()) {
      JsonNode published = api.post("/products", product);
      JsonNode quality = published.path("quality");
      console.say(
          "  %s publishes %s: %d people (%d ids empty, %d malformed, %d repeated)",
          "  %s 发布 %s：%d 人（标识为空 %d、格式错误 %d、重复 %d）",
          party,
          published.path("product").path("ref").asText(),
          quality.path("distinct").asLong(),
          quality.path("empty").asLong(),
          quality.path("malformed").asLong(),
          quality.path("duplicates").asLong());
      check(published.path("accepted").asBoolean());
    }
  }

  private void contract(ExecutorService pool) throws Exception {
    try (Api api = federation.at(BRAND).coordinator()) {
      LocalDate today = LocalDate.now(ZoneOffset.UTC);
      List<Contract.Member> members = new ArrayList<>();
      api.get("/parties")
          .path("parties")
          .forEach(
              p ->
                  members.add(
                      new Contract.Member(
                          new PartyId(p.path("party").asText()),
                          new Digest(p.path("keysDigest").asText()))));
      members.sort((a, b) -> a.party().compareTo(b.party()));
      List<PartyId> everyone = PARTIES.stream().map(PartyId::new).toList();
      List<String> products = new ArrayList<>();
      api.get("/products")
          .path("products")
          .forEach(p -> products.add(p.path("ref").asText().replaceAll("@.*", "")));
      api.post(
          "/contracts",
          new Contract(
              Product.VERSION,
              new ContractId("ctr-autumn"),
              members,
              List.of("audience", "benchmark"),
              products.stream().distinct().sorted().toList(),
              List.of("overlap", "intersect", "joinStatistics", "secureSum", "dpQuery", "train"),
              List.of(
                  new Contract.Output("aggregate", everyone),
                  new Contract.Output("model", everyone),
                  new Contract.Output("members", everyone)),
              today,
              today.plusDays(90),
              100,
              List.of(
                  "leader-and-helpers-do-not-collude",
                  "no-collusion:brand-a+mall-b",
                  "shared-noise:1-of-3")));
      all(
          pool,
          party -> {
            try (Api agent = federation.at(party).agent()) {
              return agent.post("/contracts/ctr-autumn/sign", Map.of());
            }
          });
      for (int tries = 0;
          !api.get("/contracts/ctr-autumn").path("state").asText().equals("inForce") && tries < 100;
          tries++) {
        DemoFederation.pause();
      }
      console.say(
          "  contract ctr-autumn is signed by all three and in force", "  合约 ctr-autumn 已由三方签署生效");
    }
  }

  private void chapter(String en, String zh) {
    console.line("");
    console.say("■ " + en, "■ " + zh);
  }

  private void check(boolean as) {
    well &= as;
    if (!as) {
      console.say("  ✗ this is not as it should be", "  ✗ 与预期不符");
    }
  }

  /** Submits an example, tells what happens, and gives its last state. */
  private JsonNode job(String example) throws Exception {
    Path file = Path.of(System.getProperty("hesuan.root"), "examples", example, "job.yaml");
    String yaml = Files.readString(file);
    yaml.lines()
        .filter(l -> l.startsWith("#"))
        .skip(console.chinese() ? 1 : 0)
        .findFirst()
        .ifPresent(l -> console.line("  " + l.substring(1).strip()));
    try (Api coordinator = federation.at(BRAND).coordinator()) {
      JsonNode submitted = coordinator.post("/jobs", Map.of("spec", yaml));
      String id = submitted.path("id").asText();
      console.say("  job %s (examples/%s/job.yaml)", "  作业 %s（examples/%s/job.yaml）", id, example);
      JsonNode job = JobCommands.watch(coordinator, id, event -> Stories.event(console, event));
      for (JsonNode reveal : job.path("plan").path("reveals")) {
        console.say(
            "  revealed to %s: %s",
            "  向 %s 披露：%s", reveal.path("to").asText(), reveal.path("what").asText());
      }
      if (job.path("state").asText().equals("done")) {
        decisions(job);
      }
      return job;
    }
  }

  /** By whose word it ran: each party's own policy decided in its own agent. */
  private void decisions(JsonNode job) throws Exception {
    for (String party : Stories.texts(job.path("parties"))) {
      try (Api agent = federation.at(party).agent()) {
        JsonNode own = agent.get("/jobs/" + job.path("id").asText());
        check(!own.path("decisions").isEmpty());
        Stories.decisions(console, party, own.path("decisions"));
      }
    }
  }

  private JsonNode result(JsonNode job, String party) throws Exception {
    check(job.path("state").asText().equals("done"));
    if (!job.path("state").asText().equals("done")) {
      Stories.end(console, job);
    }
    try (Api agent = federation.at(party).agent()) {
      return agent.get("/jobs/" + job.path("id").asText() + "/result").path("result");
    }
  }

  /** Every party's receipt, verified with nothing but files. */
  private byte[] receipts(JsonNode job) throws Exception {
    byte[] first = new byte[0];
    for (String party : Stories.texts(job.path("parties"))) {
      try (Api agent = federation.at(party).agent()) {
        byte[] receipt = JobCommands.receipt(agent, job.path("id").asText());
        Verification verification = ReceiptVerifier.verify(receipt, keys());
        boolean verified = verification instanceof Verification.Verified;
        console.say(
            "  receipt of %s: %d bytes, %s",
            "  %s 的凭证：%d 字节，%s",
            party,
            receipt.length,
            verified
                ? console.text("verifies offline", "离线验证通过")
                : console.text("does NOT verify", "验证未通过"));
        check(verified);
        first = first.length == 0 ? receipt : first;
      }
    }
    return first;
  }

  private TrustedKeys keys() throws Exception {
    try (Api agent = federation.at(BRAND).agent()) {
      return Json.read(agent.bytes("/keys"), TrustedKeys.class);
    }
  }

  private byte[] overlap(String example, Map<String, Integer> truth) throws Exception {
    JsonNode job = job(example);
    JsonNode result = result(job, BRAND);
    int figures = result.path("columns").size() - 3;
    for (JsonNode row : result.path("rows")) {
      String group = figures == 0 ? "" : row.get(0).asText();
      figure(group, console.text("people", "人数"), row, figures, truth.getOrDefault(group, 0));
    }
    suppressed(result);
    return receipts(job);
  }

  /** An answer, its interval, and the truth that only the demo knows. */
  private void figure(String group, String what, JsonNode row, int at, long truth) {
    long value = row.get(at).asLong();
    long half = value - row.get(at + 1).asLong();
    boolean inside = Math.abs(value - truth) <= half;
    console.say(
        "  %-8s %s %d, 95%% interval ±%d, truth %d%s",
        "  %-8s %s %d，95%% 区间 ±%d，真值 %d%s",
        group,
        what,
        value,
        half,
        truth,
        inside ? "" : console.text(" (outside, as one in twenty is)", "（区间外，二十分之一的情形）"));
    check(Math.abs(value - truth) <= FAR * half);
  }

  private void suppressed(JsonNode result) {
    if (result.path("suppressed").asInt() > 0) {
      console.say(
          "  %d groups too small to be told", "  %d 个分组过小而未公布", result.path("suppressed").asInt());
    }
  }

  /** The list holds just the people whom all files hold: not only as many. */
  private void intersect(String example, String output, int truth, Map<String, String> others)
      throws Exception {
    JsonNode job = job(example);
    JsonNode result = result(job, BRAND);
    Path list =
        federation
            .home(BRAND)
            .resolve("results/%s/%s.csv".formatted(job.path("id").asText(), output));
    List<String> lines = Files.exists(list) ? Files.readAllLines(list) : List.of("");
    Set<String> shared = people(BRAND, "members");
    for (Map.Entry<String, String> other : others.entrySet()) {
      shared.retainAll(people(other.getKey(), other.getValue()));
    }
    console.say(
        "  %d people, truth %d; the list is %s, and no identifier was sent",
        "  %d 人，真值 %d；名单在 %s，标识未曾发出", result.path("people").asLong(), truth, list);
    check(result.path("people").asLong() == truth && lines.size() - 1 == truth);
    check(new HashSet<>(lines.subList(1, lines.size())).equals(shared));
    receipts(job);
  }

  /** As only the demo may: from the file of a party. */
  private Set<String> people(String party, String table) throws Exception {
    Path data = federation.folder().resolve("data");
    try (SourceReader reader =
            SourceReader.open(
                DemoProducts.source(party, table, data), ReadLimits.in(data.resolve("spill")));
        Connection connection = reader.connection();
        IdSet ids =
            IdColumn.read(connection, "phone", IdRule.PHONE_CN, Optional.empty(), List.of())) {
      Set<String> people = new HashSet<>();
      for (int i = 0; i < ids.size(); i++) {
        people.add(new String(ids.copy(i), StandardCharsets.UTF_8));
      }
      return people;
    }
  }

  private void lift(String example, Truth.Lift truth) throws Exception {
    JsonNode job = job(example);
    JsonNode result = result(job, "pay-c");
    List<Long> buyers = List.of(truth.treatedBuyers(), truth.controlBuyers());
    for (int arm = 0; arm < result.path("rows").size(); arm++) {
      JsonNode row = result.path("rows").get(arm);
      figure(row.get(0).asText(), console.text("buyers", "购买人数"), row, 4, buyers.get(arm));
    }
    double known =
        (double) truth.treatedBuyers() / truth.treated()
            - (double) truth.controlBuyers() / truth.control();
    JsonNode absolute = result.path("lift").path("absolute");
    console.say(
        "  lift %.4f, 95%% interval %.4f to %.4f, truth %.4f",
        "  增量 %.4f，95%% 区间 %.4f 至 %.4f，真值 %.4f",
        absolute.path(0).asDouble(),
        absolute.path(1).asDouble(),
        absolute.path(2).asDouble(),
        known);
    check(Math.abs(absolute.path(0).asDouble() - known) < 0.05);
    receipts(job);
  }

  private void secureSum(String example, Truth truth) throws Exception {
    JsonNode job = job(example);
    JsonNode result = result(job, BRAND);
    Map<String, Long> expected = new TreeMap<>();
    for (int store = 0; store < Population.STORES.size(); store++) {
      expected.merge(
          DemoData.storeCity(store),
          truth.turnoverFen().get(Population.STORES.get(store)),
          Long::sum);
    }
    for (JsonNode row : result.path("rows")) {
      long value = row.get(1).asLong();
      console.say(
          "  %-8s turnover %d fen, truth %d",
          "  %-8s 营业额 %d 分，真值 %d", row.get(0).asText(), value, expected.get(row.get(0).asText()));
      check(value == expected.get(row.get(0).asText()));
    }
    console.say("  exact, and nobody saw an addend", "  结果精确，且无人见到任何一方的加数");
    receipts(job);
  }

  private void statistics(Truth truth) throws Exception {
    JsonNode job = job("statistics");
    JsonNode result = result(job, BRAND);
    Map<String, String> figures = new TreeMap<>();
    for (int c = 0; c < result.path("columns").size(); c++) {
      figures.put(
          result.path("columns").get(c).asText(), result.path("rows").get(0).get(c).asText());
    }
    long sum = truth.turnoverFen().values().stream().mapToLong(fen -> fen).sum();
    console.say(
        "  %s stores, turnover %s fen, truth %d; the median lies in %s to %s",
        "  %s 家门店，营业额 %s 分，真值 %d；中位数在 %s 至 %s 之间",
        figures.get("turnover_fen_count"),
        figures.get("turnover_fen_sum"),
        sum,
        figures.get("turnover_fen_median_low"),
        figures.get("turnover_fen_median_high"));
    check(figures.get("turnover_fen_sum").equals("" + sum));
    console.say("  each party proved that its figures fit its stores", "  各方均已证明其数值与门店相符");
    receipts(job);
  }

  private void query(String example, Truth truth) throws Exception {
    JsonNode job = job(example);
    JsonNode result = result(job, BRAND);
    for (JsonNode row : result.path("rows")) {
      Truth.OrderFigures figures = truth.boundedOrders().get(row.get(0).asText());
      figure(row.get(0).asText(), console.text("buyers", "购买人数"), row, 1, figures.people());
      figure(row.get(0).asText(), console.text("orders", "订单数"), row, 4, figures.orders());
    }
    suppressed(result);
    receipts(job);
  }

  private void learn() throws Exception {
    JsonNode job = job("learn");
    JsonNode result = result(job, BRAND);
    String last = "";
    for (JsonNode row : result.path("rows")) {
      last = row.get(1).asText();
      console.say(
          "  round %s: AUC %s on held-out people",
          "  第 %s 轮：留出人群 AUC %s", row.get(0).asText(), last);
    }
    DemoLearning.Reference reference =
        DemoLearning.reference(
            federation.folder().resolve("data"),
            result.path("model"),
            result.path("rows").size() - 1,
            20);
    console.say(
        "  pooled training would reach %.4f; the best single party %.4f",
        "  集中训练可达 %.4f；最好的单方为 %.4f", reference.pooled(), reference.bestSingle());
    check(Double.parseDouble(last) > reference.bestSingle());
    receipts(job);
    registered(job, result.path("model").path("digest").asText());
  }

  /** The model stands in the receiver's registry with the evidence that it came from. */
  private void registered(JsonNode job, String parameters) throws Exception {
    try (Api agent = federation.at(BRAND).agent()) {
      JsonNode model = agent.get("/models").path(0);
      Stories.model(console, model);
      check(model.path("job").asText().equals(job.path("id").asText()));
      check(model.path("parameters").asText().equals(parameters));
      Digest receipt =
          Receipt.read(JobCommands.receipt(agent, job.path("id").asText())).envelopeDigest();
      check(model.path("receipt").asText().equals(receipt.hex()));
      check(agent.get("/models/" + model.path("id").asText()).path("curve").size() > 1);
    }
  }

  private void refused() throws Exception {
    JsonNode job = job("refused");
    Stories.refusals(console, job.path("refusals"));
    check(job.path("state").asText().equals("refused") && !job.path("refusals").isEmpty());
  }

  private void budgets() throws Exception {
    for (String party : PARTIES) {
      try (Api agent = federation.at(party).agent()) {
        for (JsonNode line : agent.get("/budget")) {
          console.say(
              "  %-22s epsilon %s of %s charged, at delta %s; %s left for one job",
              "  %-22s 已用 epsilon %s / %s（delta %s），单个作业至多可用 %s",
              line.path("asset").asText(),
              line.path("charged").asText(),
              line.path("limit").asText(),
              line.path("delta").asText(),
              line.path("left").asText());
        }
      }
    }
  }

  private void tamper(byte[] receipt) throws Exception {
    Path file = federation.folder().resolve("changed.receipt");
    byte[] changed = receipt.clone();
    changed[changed.length / 2] ^= 1;
    Files.write(file, changed);
    Verification verification = ReceiptVerifier.verify(Files.readAllBytes(file), keys());
    check(verification instanceof Verification.Rejected);
    if (verification instanceof Verification.Rejected rejected) {
      console.say(
          "  verification fails, as it must: %s",
          "  验证失败，理应如此：%s", rejected.firstFailure().name().title(console.chinese()));
    }
  }
}

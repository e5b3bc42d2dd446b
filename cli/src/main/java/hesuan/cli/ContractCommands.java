package hesuan.cli;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.wire.Contract;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hesuan contract}: what parties agree on before any job can run. */
@picocli.CommandLine.Command(
    name = "contract",
    description = "Create, sign, list and withdraw contracts. 数字合约的创建、签署、查看与撤回。",
    subcommands = {
      ContractCommands.Create.class,
      ContractCommands.Sign.class,
      ContractCommands.ListAll.class,
      ContractCommands.Withdraw.class
    })
final class ContractCommands extends Group {

  @picocli.CommandLine.Command(
      name = "create",
      description = "Offer a contract to other parties, and sign it. 向其他参与方发出合约并签署。")
  static final class Create extends HomeCommand {
    @Option(names = "--id", required = true, paramLabel = "ctr-NAME")
    String id = "";

    @Option(names = "--with", required = true, split = ",", paramLabel = "PARTY")
    List<String> with = new ArrayList<>();

    @Option(names = "--purpose", required = true, split = ",", paramLabel = "CODE")
    List<String> purposes = new ArrayList<>();

    @Option(names = "--product", required = true, split = ",", paramLabel = "PARTY/NAME")
    List<String> products = new ArrayList<>();

    @Option(
        names = "--protocol",
        split = ",",
        defaultValue = "overlap,intersect,joinStatistics,secureSum,dpQuery,train",
        description = "Allowed computations (default: ${DEFAULT-VALUE}). 允许的计算。")
    List<String> protocols = new ArrayList<>();

    @Option(
        names = "--output",
        required = true,
        paramLabel = "FORM:PARTY[,PARTY]",
        description = "What may come out and to whom: aggregate:brand-a or model:brand-a. 输出及接收方。")
    List<String> outputs = new ArrayList<>();

    @Option(names = "--days", defaultValue = "365")
    int days;

    @Option(names = "--jobs", defaultValue = "1000", description = "Most jobs under it. 作业次数上限。")
    int jobs;

    @Option(
        names = "--assume",
        split = ",",
        defaultValue = "leader-and-helpers-do-not-collude",
        description = "What the protocols rest on; signing accepts it. 协议所依赖的前提。")
    List<String> assumptions = new ArrayList<>();

    @Override
    protected int run(Console console) throws Exception {
      try (Api coordinator = home().coordinator();
          Api agent = home().agent()) {
        JsonNode parties = coordinator.get("/parties").path("parties");
        Set<String> names = new TreeSet<>(with);
        names.add(agent.get("/party").path("party").asText());
        LocalDate today = LocalDate.now(ZoneOffset.UTC);
        Contract contract =
            new Contract(
                Product.VERSION,
                new ContractId(id),
                names.stream().map(name -> member(parties, name)).toList(),
                purposes,
                products,
                protocols,
                outputs.stream().map(Create::output).toList(),
                today,
                today.plusDays(days),
                jobs,
                assumptions);
        coordinator.post("/contracts", contract);
        JsonNode signed = agent.post("/contracts/" + id + "/sign", Map.of());
        console.say(
            "Offered %s to %s and signed it. Next, at each of the others: hesuan contract sign --home FOLDER %s",
            "已向 %2$s 发出合约 %1$s 并签署。下一步（其他各方）：hesuan contract sign --home 目录 %3$s",
            id,
            String.join(", ", with),
            id);
        console.document(signed);
      }
      return Exit.OK;
    }

    private static Contract.Member member(JsonNode parties, String name) {
      for (JsonNode party : parties) {
        if (party.path("party").asText().equals(name)) {
          return new Contract.Member(
              new PartyId(name), new Digest(party.path("keysDigest").asText()));
        }
      }
      throw new ProblemException(ErrorCode.UNKNOWN_PARTY, "--with", "an enrolled party", name);
    }

    private static Contract.Output output(String text) {
      String[] parts = text.split(":", 2);
      if (parts.length != 2) {
        throw new ProblemException(ErrorCode.INVALID_VALUE, "--output", "FORM:PARTY", text);
      }
      return new Contract.Output(
          parts[0], Arrays.stream(parts[1].split(",")).map(PartyId::new).toList());
    }
  }

  @picocli.CommandLine.Command(
      name = "sign",
      description = "Read a contract and sign it with this party's keys. 查看并签署合约。")
  static final class Sign extends HomeCommand {
    @Parameters(paramLabel = "ctr-NAME")
    String id = "";

    @Override
    protected int run(Console console) throws Exception {
      try (Api agent = home().agent()) {
        JsonNode signed = agent.post("/contracts/" + new ContractId(id) + "/sign", Map.of());
        Contract contract = Json.read(signed.path("contract"), Contract.class);
        console.say(
            "Signed %s: purposes %s, products %s, outputs %s, %s to %s, at most %d jobs. Signed so far by %s.",
            "已签署 %s：用途 %s，产品 %s，输出 %s，%s 至 %s，最多 %d 个作业。目前已签署：%s。",
            id,
            contract.purposes(),
            contract.products(),
            contract.outputs().stream().map(o -> o.form() + " -> " + o.to()).toList(),
            contract.notBefore(),
            contract.notAfter(),
            contract.jobsMax(),
            signed.path("signatures"));
        console.document(signed);
      }
      return Exit.OK;
    }
  }

  @picocli.CommandLine.Command(name = "list", description = "Contracts of this party. 本方的合约。")
  static final class ListAll extends HomeCommand {
    @Override
    protected int run(Console console) throws Exception {
      try (Api api = home().coordinator()) {
        JsonNode contracts = api.get("/contracts").path("contracts");
        for (JsonNode contract : contracts) {
          console.line(
              "%-20s %-10s %s"
                  .formatted(
                      contract.path("id").asText(),
                      contract.path("state").asText(),
                      contract.path("parties")));
        }
        console.document(contracts);
      }
      return Exit.OK;
    }
  }

  @picocli.CommandLine.Command(
      name = "withdraw",
      description = "Withdraw from a contract; its running jobs are stopped. 退出合约，其作业随即停止。")
  static final class Withdraw extends HomeCommand {
    @Parameters(paramLabel = "ctr-NAME")
    String id = "";

    @Override
    protected int run(Console console) throws Exception {
      try (Api agent = home().agent()) {
        JsonNode done = agent.post("/contracts/" + new ContractId(id) + "/withdraw", Map.of());
        console.say("Withdrawn: %s.", "已退出：%s。", id);
        console.document(done);
      }
      return Exit.OK;
    }
  }
}

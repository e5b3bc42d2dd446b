package hesuan.cli;

import hesuan.agent.Agent;
import hesuan.agent.AgentConfig;
import hesuan.transport.Address;
import hesuan.wire.PartyId;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code hesuan agent}: the process in a party's own domain. */
@picocli.CommandLine.Command(
    name = "agent",
    description = "Join a federation, start and stop a party's agent. 参与方代理的入网与启停。",
    subcommands = {
      AgentCommands.Join.class,
      AgentCommands.Start.class,
      AgentCommands.Stop.class,
      AgentCommands.Status.class
    })
final class AgentCommands extends Group {

  @picocli.CommandLine.Command(
      name = "join",
      description = "Make keys here and join with a one-time token. 在本地生成密钥并用一次性令牌入网。")
  static final class Join extends HomeCommand {
    @Option(names = "--party", required = true, paramLabel = "NAME")
    String party = "";

    @Option(
        names = "--coordinator",
        required = true,
        paramLabel = "HOST:PORT",
        description = "The coordinator's control port. 协调方控制端口。")
    String coordinator = "";

    @Option(
        names = "--coordinator-api",
        defaultValue = "",
        paramLabel = "HOST:PORT",
        description = "Its HTTPS API; by default port 7443 of the same host. 协调方 API 地址。")
    String coordinatorApi = "";

    @Option(names = "--token", required = true, description = "Join token. 入网令牌。")
    String token = "";

    @Option(
        names = "--data-listen",
        paramLabel = "HOST:PORT",
        description =
            "Take direct connections of other agents there; without it the agent has no inbound"
                + " port. 接受其他代理直连的地址；不设则无入站端口。")
    @Nullable String dataListen;

    @Option(
        names = "--data-advertise",
        paramLabel = "HOST:PORT",
        description = "Address told to others, where that differs. 对外公布的地址。")
    @Nullable String dataAdvertise;

    @Option(
        names = "--api-listen",
        defaultValue = "127.0.0.1:7444",
        paramLabel = "HOST:PORT",
        description = "The agent's own API (default: ${DEFAULT-VALUE}). 代理自身的 API。")
    String apiListen = "";

    @Option(names = "--duckdb-memory", defaultValue = "256", paramLabel = "MEGABYTES")
    int memory;

    @Option(names = "--threads", defaultValue = "2")
    int threads;

    @Option(names = "--start", description = "And start it in the background. 随即在后台启动。")
    boolean start;

    @Override
    protected int run(Console console) throws Exception {
      String api =
          coordinatorApi.isEmpty() ? Address.parse(coordinator).host() + ":7443" : coordinatorApi;
      AgentConfig config =
          Agent.join(
              new Agent.Join(
                  home().folder(),
                  new AgentConfig(
                      new PartyId(party),
                      "",
                      coordinator,
                      api,
                      dataListen,
                      dataAdvertise,
                      apiListen,
                      memory,
                      threads),
                  token),
              Clock.systemUTC(),
              new SecureRandom());
      console.say(
          "%s has joined federation %s; its keys are in %s and nowhere else.",
          "%s 已加入联邦 %s；密钥只在 %s。", party, config.federation(), home().folder().resolve("keys"));
      if (start) {
        return Start.inBackground(console, folder);
      }
      console.say(
          "Next: hesuan agent start --home %s --background",
          "下一步：hesuan agent start --home %s --background", folder);
      console.document(Map.of("party", party, "federation", config.federation()));
      return Exit.OK;
    }
  }

  @picocli.CommandLine.Command(name = "start", description = "Start it. 启动。")
  static final class Start extends HomeCommand {
    @Option(
        names = "--background",
        description = "Return when it answers, and leave it running. 就绪后返回并在后台运行。")
    boolean background;

    @Override
    protected int run(Console console) throws Exception {
      Home home = home().requireAgent();
      if (background) {
        return inBackground(console, folder);
      }
      try (Agent agent =
          Agent.start(home.folder(), Kill.hook(), Clock.systemUTC(), new SecureRandom())) {
        console.say(
            "Agent of %s; API https://%s. Ctrl-C stops it.",
            "%s 的代理；API https://%s。按 Ctrl-C 停止。",
            agent.config().party(),
            agent.config().apiListen());
        CoordinatorCommands.untilInterrupted(agent);
      }
      return Exit.OK;
    }

    static int inBackground(Console console, Path folder) throws Exception {
      Home home = new Home(folder);
      ProcessHandle process =
          Background.start(
              home.folder(),
              List.of("agent", "start", "--home", home.folder().toString()),
              () -> answers(home));
      console.say(
          "The agent of %s runs (process %d). Next: hesuan product publish --home %s …",
          "%s 的代理已启动（进程 %d）。下一步：hesuan product publish --home %s …",
          home.agentConfig().party(),
          process.pid(),
          folder);
      console.document(Map.of("pid", process.pid()));
      return Exit.OK;
    }

    static boolean answers(Home home) {
      try (Api api = home.agent()) {
        return api.get("/health").path("connected").asBoolean();
      } catch (Exception e) {
        return false;
      }
    }
  }

  @picocli.CommandLine.Command(name = "stop", description = "Stop it. 停止。")
  static final class Stop extends HomeCommand {
    @Override
    protected int run(Console console) throws Exception {
      boolean stopped = Background.stop(home().requireAgent().folder());
      console.say(
          stopped ? "The agent is stopped." : "It was not running.", stopped ? "代理已停止。" : "它并未运行。");
      console.document(Map.of("stopped", stopped));
      return Exit.OK;
    }
  }

  @picocli.CommandLine.Command(
      name = "status",
      description = "Who it is, and whether it has its line. 身份与连接状态。")
  static final class Status extends HomeCommand {
    @Override
    protected int run(Console console) throws Exception {
      try (Api api = home().agent()) {
        var party = api.get("/party");
        console.say(
            "%s in federation %s, %s, certificate until %s.",
            "%s，联邦 %s，%s，证书有效至 %s。",
            party.path("party").asText(),
            party.path("federation").asText(),
            party.path("connected").asBoolean()
                ? console.text("connected", "已连接")
                : console.text("not connected", "未连接"),
            party.path("certificateUntil").asText());
        console.document(party);
      }
      return Exit.OK;
    }
  }
}

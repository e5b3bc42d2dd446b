package hesuan.cli;

import hesuan.coordinator.Coordinator;
import hesuan.coordinator.CoordinatorConfig;
import hesuan.wire.PartyId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Option;

/** {@code hesuan coordinator}: the process that schedules, on this machine. */
@picocli.CommandLine.Command(
    name = "coordinator",
    description = "Make, start and stop a coordinator; give out join tokens. 协调方的创建、启停与入网令牌。",
    subcommands = {
      CoordinatorCommands.Init.class,
      CoordinatorCommands.Start.class,
      CoordinatorCommands.Stop.class,
      CoordinatorCommands.Token.class
    })
final class CoordinatorCommands extends Group {

  @picocli.CommandLine.Command(
      name = "init",
      description = "Make a coordinator's home: authority, keys, log. 创建协调方主目录。")
  static final class Init extends HomeCommand {
    @Option(
        names = "--federation",
        defaultValue = "federation",
        paramLabel = "NAME",
        description = "Name of the federation (default: ${DEFAULT-VALUE}). 联邦名称。")
    String federation = "";

    @Option(
        names = "--host",
        defaultValue = "127.0.0.1",
        description =
            "Name or address by which the others reach this machine; the first is told to agents"
                + " (default: ${DEFAULT-VALUE}). 其他机器访问本机所用的名称或地址。")
    List<String> hosts = new ArrayList<>();

    @Option(
        names = "--listen",
        defaultValue = "",
        paramLabel = "ADDRESS",
        description = "Address to listen on; by default that of the first host. 监听地址。")
    String listen = "";

    @Option(names = "--control-port", defaultValue = "" + CoordinatorConfig.CONTROL_PORT)
    int controlPort;

    @Option(names = "--relay-port", defaultValue = "" + CoordinatorConfig.RELAY_PORT)
    int relayPort;

    @Option(names = "--api-port", defaultValue = "" + CoordinatorConfig.API_PORT)
    int apiPort;

    @Option(
        names = "--certificate-lifetime",
        defaultValue = "PT24H",
        description = "Of parties' certificates, at most ${DEFAULT-VALUE}. 证书有效期。")
    Duration lifetime = Duration.ZERO;

    @Option(names = "--start", description = "And start it in the background. 随即在后台启动。")
    boolean start;

    @Override
    protected int run(Console console) throws Exception {
      String address = listen.isEmpty() ? hosts.getFirst() : listen;
      CoordinatorConfig config =
          new CoordinatorConfig(
              federation,
              address + ":" + controlPort,
              address + ":" + relayPort,
              address + ":" + apiPort,
              hosts,
              lifetime);
      Coordinator.init(folder, config, Coordinator.Surroundings.real());
      if (start) {
        return Start.inBackground(console, folder);
      }
      console.say(
          "Made federation %s in %s. Next: hesuan coordinator start --home %s --background",
          "已在 %2$s 创建联邦 %1$s。下一步：hesuan coordinator start --home %3$s --background",
          federation,
          folder,
          folder);
      console.document(Map.of("federation", federation, "home", folder.toString()));
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
      Home home = home().requireCoordinator();
      if (background) {
        return inBackground(console, folder);
      }
      try (Coordinator coordinator = Coordinator.start(home.folder(), Kill.coordinator())) {
        console.say(
            "Agents dial %s, API https://%s. Ctrl-C stops it.",
            "代理连接 %s，API https://%s。按 Ctrl-C 停止。",
            coordinator.controlAddress(),
            coordinator.apiAddress());
        untilInterrupted(coordinator);
      }
      return Exit.OK;
    }

    static int inBackground(Console console, Path folder) throws Exception {
      Home home = new Home(folder);
      ProcessHandle process =
          Background.start(
              home.folder(),
              List.of("coordinator", "start", "--home", home.folder().toString()),
              () -> answers(home));
      console.say(
          "The coordinator runs (process %d). Next: hesuan coordinator token --home %s --party"
              + " NAME",
          "协调方已启动（进程 %d）。下一步：hesuan coordinator token --home %s --party 名称", process.pid(), folder);
      console.document(Map.of("pid", process.pid()));
      return Exit.OK;
    }

    private static boolean answers(Home home) {
      try (Api api = home.coordinator()) {
        return api.get("/health").path("status").asText().equals("up");
      } catch (Exception e) {
        return false;
      }
    }
  }

  /** Until the process is asked to end; then closes in good order. */
  static void untilInterrupted(AutoCloseable running) throws InterruptedException {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  asked.countDown();
                  try {
                    running.close();
                  } catch (Exception e) {
                    System.err.println(e.getMessage());
                  }
                  closed.countDown();
                }));
    asked.await();
    closed.await();
  }

  @picocli.CommandLine.Command(name = "stop", description = "Stop it. 停止。")
  static final class Stop extends HomeCommand {
    @Override
    protected int run(Console console) throws Exception {
      boolean stopped = Background.stop(home().requireCoordinator().folder());
      console.say(
          stopped ? "The coordinator is stopped." : "It was not running.",
          stopped ? "协调方已停止。" : "它并未运行。");
      console.document(Map.of("stopped", stopped));
      return Exit.OK;
    }
  }

  @picocli.CommandLine.Command(
      name = "token",
      description = "Print a one-time join token for a party, good for one hour. 输出一次性入网令牌，一小时内有效。")
  static final class Token extends HomeCommand {
    @Option(names = "--party", required = true, paramLabel = "NAME")
    String party = "";

    @Override
    protected int run(Console console) throws Exception {
      try (Api api = home().requireCoordinator().coordinator()) {
        var token = api.post("/tokens/join", Map.of("party", new PartyId(party).value()));
        if (console.json()) {
          console.document(token);
        } else {
          console.raw(token.path("token").asText());
          console.note(
              "For %s, until %s, once. Next, at the party: hesuan agent join --home FOLDER --party"
                  + " %s --coordinator HOST:PORT --token …",
              "供 %s 使用一次，有效至 %s。下一步（在该参与方）：hesuan agent join --home 目录 --party %s --coordinator"
                  + " 主机:端口 --token …",
              party,
              token.path("expiresAt").asText(),
              party);
        }
      }
      return Exit.OK;
    }
  }
}

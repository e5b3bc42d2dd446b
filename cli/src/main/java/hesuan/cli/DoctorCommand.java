package hesuan.cli;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.agent.Agent;
import hesuan.agent.AgentConfig;
import hesuan.identity.Identity;
import hesuan.identity.KeyFiles;
import hesuan.transport.Address;
import hesuan.wire.Software;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** {@code hesuan doctor}: what is wrong here, and what to do. */
@picocli.CommandLine.Command(
    name = "doctor",
    description =
        "Check disk, rights, certificate, clock, ports, versions and peers, and say what to do."
            + " 检查磁盘、权限、证书、时钟、端口、版本与对端，并给出处理办法。")
final class DoctorCommand extends HomeCommand {
  private static final long DISK_BYTES_MIN = 1L << 30;
  private static final long SKEW_MILLIS_MAX = 5_000;
  private static final int CONNECT_MILLIS = 3_000;

  private record Finding(String check, boolean good, String found, String remedy) {}

  private final List<Finding> findings = new ArrayList<>();

  @Override
  protected int run(Console console) throws Exception {
    machine(console);
    if (home().isAgent()) {
      agent(console);
    } else {
      coordinator(console);
    }
    boolean well = findings.stream().allMatch(Finding::good);
    for (Finding finding : findings) {
      console.line(
          "%s %-28s %s%s"
              .formatted(
                  finding.good ? "✓" : "✗",
                  finding.check,
                  finding.found,
                  finding.good ? "" : " → " + finding.remedy));
    }
    console.say(
        well ? "All well." : "Something is wrong: see the marked lines.",
        well ? "一切正常。" : "存在问题：请看标记的行。");
    console.document(Map.of("well", well, "findings", findings));
    return well ? Exit.OK : Exit.NO;
  }

  private void find(
      Console console,
      String checkEn,
      String checkZh,
      boolean good,
      String found,
      String remedyEn,
      String remedyZh) {
    findings.add(
        new Finding(console.text(checkEn, checkZh), good, found, console.text(remedyEn, remedyZh)));
  }

  private void machine(Console console) throws IOException {
    long free = Files.getFileStore(existing(folder)).getUsableSpace();
    find(
        console,
        "disk",
        "磁盘",
        free > DISK_BYTES_MIN,
        (free >> 20) + " MiB",
        "free at least 1 GiB",
        "请腾出至少 1 GiB");
    Path keys = folder.resolve("keys");
    boolean isPrivate = true;
    if (Files.isDirectory(keys)) {
      try (var files = Files.list(keys)) {
        for (Path file : files.toList()) {
          isPrivate &=
              PosixFilePermissions.toString(Files.getPosixFilePermissions(file)).endsWith("------");
        }
      }
    }
    find(
        console,
        "key files",
        "密钥文件权限",
        isPrivate,
        isPrivate ? console.text("owner only", "仅所有者") : console.text("others may read", "他人可读"),
        "chmod 600 " + keys + "/*",
        "chmod 600 " + keys + "/*");
  }

  private static Path existing(Path path) {
    Path at = path.toAbsolutePath();
    while (!Files.exists(at)) {
      at = at.getParent();
    }
    return at;
  }

  private void coordinator(Console console) throws IOException {
    try (Api api = home().coordinator()) {
      version(console, api);
      parties(console, api);
    } catch (hesuan.wire.ProblemException e) {
      find(
          console,
          "coordinator API",
          "协调方 API",
          false,
          e.problem().sentence(console.chinese()),
          "hesuan coordinator start --home " + folder,
          "hesuan coordinator start --home " + folder);
    }
  }

  private void agent(Console console) throws IOException {
    AgentConfig config = home().agentConfig();
    Identity identity = KeyFiles.read(Agent.identityFile(home().folder()));
    Duration left = Duration.between(Instant.now(), identity.notAfter());
    find(
        console,
        "certificate",
        "证书",
        left.isPositive(),
        identity.notAfter().toString(),
        "start the agent, or join again with a new token",
        "启动代理，或用新令牌重新入网");
    port(console, "control port", "控制端口", config.coordinator());
    try (Api api = home().coordinator()) {
      version(console, api);
      parties(console, api);
    } catch (hesuan.wire.ProblemException e) {
      find(
          console,
          "coordinator API",
          "协调方 API",
          false,
          e.problem().sentence(console.chinese()),
          "check address and firewall: " + config.coordinatorApi(),
          "检查地址与防火墙：" + config.coordinatorApi());
    }
    try (Api api = home().agent()) {
      JsonNode party = api.get("/party");
      boolean connected = party.path("connected").asBoolean();
      find(
          console,
          "line to coordinator",
          "与协调方连接",
          connected,
          connected ? "up" : Stories.sentence(console, party.path("lineProblem")),
          "see " + Background.logFile(folder),
          "请看 " + Background.logFile(folder));
      long skew = party.path("clockSkewMillis").asLong();
      find(
          console,
          "clock skew",
          "时钟偏差",
          Math.abs(skew) <= SKEW_MILLIS_MAX,
          skew + " ms",
          "set the clock by NTP",
          "请用 NTP 校时");
      boolean relayKnown = !party.path("relayAddress").asText().isEmpty();
      if (relayKnown) {
        port(console, "relay", "中继", party.path("relayAddress").asText());
      }
      for (JsonNode member : party.path("members")) {
        if (!member.path("dataAddress").asText().isEmpty()) {
          port(
              console,
              "data port of " + member.path("party").asText(),
              member.path("party").asText() + " 的数据端口",
              member.path("dataAddress").asText());
        }
      }
    } catch (hesuan.wire.ProblemException e) {
      find(
          console,
          "agent",
          "代理",
          false,
          e.problem().sentence(console.chinese()),
          "hesuan agent start --home " + folder,
          "hesuan agent start --home " + folder);
    }
  }

  /** The coordinator answers, and runs the same version as this command. */
  private void version(Console console, Api api) {
    String theirs = api.get("/version").path("software").asText();
    find(
        console,
        "coordinator API",
        "协调方 API",
        theirs.equals(Software.NAME),
        theirs,
        "upgrade the older side; this command is " + Software.NAME,
        "请升级较旧的一方；本命令为 " + Software.NAME);
  }

  /** From the coordinator's side: whose line is up, on which version, how its clock goes. */
  private void parties(Console console, Api api) {
    for (JsonNode party : api.get("/parties").path("parties")) {
      boolean connected = party.path("connected").asBoolean();
      find(
          console,
          "party " + party.path("party").asText(),
          "参与方 " + party.path("party").asText(),
          connected,
          connected
              ? party.path("software").asText()
                  + ", "
                  + party.path("clockSkewMillis").asLong()
                  + " ms"
              : console.text("not connected", "未连接"),
          "start its agent",
          "启动其代理");
    }
  }

  private void port(Console console, String en, String zh, String address) {
    Address parsed = Address.parse(address);
    try (Socket socket = new Socket()) {
      socket.connect(parsed.resolve(), CONNECT_MILLIS);
      find(console, en, zh, true, address, "", "");
    } catch (IOException e) {
      find(
          console,
          en,
          zh,
          false,
          address + ": " + e.getMessage(),
          "check address and firewall",
          "检查地址与防火墙");
    }
  }
}

package hesuan.cli;

import hesuan.agent.Agent;
import hesuan.log.LogCheck;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Map;

/** {@code hesuan log}: the append-only log in a home. */
@picocli.CommandLine.Command(
    name = "log",
    description = "Check this home's log from its first byte. 自首字节起检查本地日志。",
    subcommands = {LogCommands.Fsck.class})
final class LogCommands extends Group {

  @picocli.CommandLine.Command(
      name = "fsck",
      description =
          "Read every entry and tile and check them against the checkpoint; stop the agent first. 全量校验；请先停止代理。")
  static final class Fsck extends HomeCommand {
    @Override
    protected int run(Console console) throws Exception {
      LogCheck check =
          Agent.checkLog(home().requireAgent().folder(), Clock.systemUTC(), new SecureRandom());
      check.faults().forEach(console::line);
      console.say(
          check.sound() ? "%d entries, sound." : "%d entries, NOT sound.",
          check.sound() ? "%d 条记录，完好。" : "%d 条记录，存在问题。",
          check.size());
      console.document(
          Map.of("size", check.size(), "sound", check.sound(), "faults", check.faults()));
      return check.sound() ? Exit.OK : Exit.NO;
    }
  }
}

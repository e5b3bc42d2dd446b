package hesuan.cli;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code hesuan demo}: a whole federation on this machine, and its story. */
@picocli.CommandLine.Command(
    name = "demo",
    description =
        "Start a coordinator and three parties on this machine, run one job of each kind, and tell the story. 在本机启动联邦并演示各类作业。")
final class DemoCommand extends Command {
  @Option(names = "--once", description = "Stop everything at the end. 结束后全部停止。")
  boolean once;

  @Option(
      names = "--home",
      paramLabel = "FOLDER",
      description = "Where to put it (default: .hesuan/demo beside the launcher). 存放目录。")
  @Nullable Path home;

  @Option(names = "--seed", defaultValue = "7", description = "Of the synthetic data. 合成数据种子。")
  long seed;

  @Override
  protected int run(Console console) throws Exception {
    Path folder =
        home == null ? Path.of(System.getProperty("hesuan.root", "."), ".hesuan", "demo") : home;
    long start = System.nanoTime();
    DemoFederation federation = new DemoFederation(folder.toAbsolutePath().normalize());
    Thread cleanUp = new Thread(federation::destroy);
    Runtime.getRuntime().addShutdownHook(cleanUp);
    boolean well = false;
    try {
      well = new Demo(console, federation, seed).run();
    } catch (Exception e) {
      Runtime.getRuntime().removeShutdownHook(cleanUp);
      federation.stop();
      console.note("What it wrote stays for a look: %s", "已写入的内容保留以便查看：%s", federation.folder());
      throw e;
    }
    console.say(
        "%s Took %d s.",
        "%s 用时 %d 秒。",
        well
            ? console.text("Everything is as it should be.", "一切符合预期。")
            : console.text("Something is NOT as it should be: see above.", "有不符合预期之处，见上文。"),
        Duration.ofNanos(System.nanoTime() - start).toSeconds());
    if (once) {
      federation.stop();
      Runtime.getRuntime().removeShutdownHook(cleanUp);
      return well ? Exit.OK : Exit.NO;
    }
    console.say(
        "The federation stays up. Look: hesuan job list --home %1$s · hesuan budget --home %1$s · hesuan doctor --home %1$s. Ctrl-C stops it and removes it.",
        "联邦保持运行。查看：hesuan job list --home %1$s · hesuan budget --home %1$s · hesuan doctor --home %1$s。按 Ctrl-C 停止并清除。",
        federation.home("brand-a"));
    Thread.currentThread().join();
    return Exit.OK;
  }
}

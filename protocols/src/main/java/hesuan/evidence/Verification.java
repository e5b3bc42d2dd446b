package hesuan.evidence;

import hesuan.wire.Digest;
import java.util.List;

/** What came of verifying a receipt: every check by name, and the statement only if all passed. */
public sealed interface Verification {
  List<Check> checks();

  /**
   * @param reason what was found, in one sentence; never a row or a secret
   */
  record Check(Name name, boolean passed, String reason) {}

  enum Name {
    FORMAT("the file is a receipt in its one spelling", "文件是格式唯一的凭证"),
    STATEMENT("the envelope holds a statement of a known kind", "信封内是已知类型的声明"),
    SIGNATURES("the speaker signed it, with both of its keys", "声明方以两把密钥签名"),
    CONSENTS("every contributing party consented to the outputs", "每个贡献方都同意了输出"),
    CHECKPOINT("the log's owner signed the log's state", "日志所有者签署了日志状态"),
    INCLUSION("the log holds exactly this envelope", "日志中正是这个信封"),
    TIME("it was logged after it was said", "记录时间不早于声明时间"),
    KEYS("the keys it names are the keys that are trusted", "所列密钥就是受信任的密钥");

    private final String english;
    private final String chinese;

    Name(String english, String chinese) {
      this.english = english;
      this.chinese = chinese;
    }

    public String title(boolean inChinese) {
      return inChinese ? chinese : english;
    }
  }

  /** Made by {@link ReceiptVerifier} alone, so that holding one means that it was verified. */
  final class Verified implements Verification {
    private final List<Check> checks;
    private final Receipt receipt;
    private final Statement statement;
    private final Checkpoint checkpoint;

    Verified(List<Check> checks, Receipt receipt, Statement statement, Checkpoint checkpoint) {
      this.checks = List.copyOf(checks);
      this.receipt = receipt;
      this.statement = statement;
      this.checkpoint = checkpoint;
    }

    @Override
    public List<Check> checks() {
      return checks;
    }

    public Receipt receipt() {
      return receipt;
    }

    public Statement statement() {
      return statement;
    }

    public Checkpoint checkpoint() {
      return checkpoint;
    }

    public Digest envelopeDigest() {
      return receipt.envelopeDigest();
    }
  }

  /** At least one check failed; nothing in the receipt may be believed. */
  record Rejected(List<Check> checks) implements Verification {
    public Rejected {
      checks = List.copyOf(checks);
    }

    public Check firstFailure() {
      return checks.stream().filter(c -> !c.passed()).findFirst().orElseThrow();
    }
  }
}

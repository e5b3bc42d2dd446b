package hesuan.cli;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Parameters;

/** {@code hesuan ledger}: what follows from the receipts in the federation's log. */
@picocli.CommandLine.Command(
    name = "ledger",
    description =
        "The certificate ledger or the rights ledger, replayed from receipts. 由凭证重放得到的资产凭证账或权益账。")
final class LedgerCommand extends HomeCommand {
  enum Ledger {
    CERTIFICATE("certificate"),
    RIGHTS("rights");

    private final String path;

    Ledger(String path) {
      this.path = path;
    }
  }

  @Parameters(paramLabel = "certificate|rights")
  Ledger ledger = Ledger.CERTIFICATE;

  @Override
  protected int run(Console console) throws Exception {
    try (Api api = home().coordinator()) {
      JsonNode replayed = api.get("/ledgers/" + ledger.path);
      replayed.path("rows").forEach(row -> console.line("  " + row.asText()));
      console.document(replayed);
    }
    return Exit.OK;
  }
}

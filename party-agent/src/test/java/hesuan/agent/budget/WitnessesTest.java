package hesuan.agent.budget;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.agent.Agent;
import hesuan.channel.MemoryChannel;
import hesuan.evidence.Envelope;
import hesuan.evidence.SigningKeys;
import hesuan.store.Store;
import hesuan.wire.BudgetHead;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WitnessesTest {
  private static final byte[] NOTHING_KEPT = {};

  /** A party with its own disk. */
  private final class Party implements AutoCloseable {
    final Store store;
    final Budget budget;
    final List<Envelope> told = new ArrayList<>();
    final Witnesses witnesses;

    Party(SigningKeys keys, Path file) {
      this.store = Store.open(file, Agent.SCHEMA);
      this.budget = Budget.open(store, Clock.systemUTC());
      this.witnesses = new Witnesses(store, budget, keys, told::add, Duration.ofMillis(50));
    }

    void spend() {
      budget.allow("x/y", "phone", new Epsilon(++spent), null, Epsilon.ZERO, 0);
    }

    @Override
    public void close() {
      store.close();
    }
  }

  private final SigningKeys shopKeys =
      SigningKeys.generate(new PartyId("shop-a"), new SecureRandom());
  private final SigningKeys brandKeys =
      SigningKeys.generate(new PartyId("brand-b"), new SecureRandom());

  @TempDir Path folder;
  private int spent;
  private Party shop;
  private Party brand;

  @BeforeEach
  void open() {
    shop = new Party(shopKeys, folder.resolve("shop.db"));
    brand = new Party(brandKeys, folder.resolve("brand.db"));
  }

  @AfterEach
  void close() {
    shop.close();
    brand.close();
  }

  /** Closes the shop's agent and starts it on the files of before. */
  private void putBack(Path files) {
    shop.close();
    shop = new Party(shopKeys, files);
  }

  private Path copy() throws Exception {
    Path to = folder.resolve("old.db");
    Files.copy(folder.resolve("shop.db"), to);
    Files.copy(folder.resolve("shop.db-wal"), folder.resolve("old.db-wal"));
    return to;
  }

  private void meet() {
    MemoryChannel[] ends = MemoryChannel.pair(shopKeys.party(), brandKeys.party());
    shop.witnesses.say(ends[0]);
    brand.witnesses.say(ends[1]);
    brand.witnesses.hear(ends[1], shopKeys.publicKeys());
    shop.witnesses.hear(ends[0], brandKeys.publicKeys());
  }

  @Test
  void diskPutBack_isToldByAPeerThatHasSeenMore() throws Exception {
    shop.spend();
    Path old = copy();
    shop.spend();
    meet();
    meet();
    putBack(old);
    ProblemException e = assertThrows(ProblemException.class, this::meet);
    assertEquals(ErrorCode.BUDGET_ROLLED_BACK, e.problem().code());
    assertEquals("brand-b", shop.budget.chain().lost().getFirst().toldBy());
    // and the peer still holds the newer head, for the next time
    assertThrows(ProblemException.class, this::meet);
  }

  @Test
  void diskPutBack_isToldByTheCoordinatorOnLiningUp() throws Exception {
    shop.spend();
    Path old = copy();
    shop.spend();
    shop.witnesses.lineUp(NOTHING_KEPT);
    Envelope kept = shop.told.getLast();
    shop.witnesses.lineUp(kept.bytes());
    assertEquals(List.of(), shop.budget.chain().lost());
    putBack(old);
    shop.witnesses.lineUp(kept.bytes());
    assertEquals(
        kept.verify(BudgetHead.PAYLOAD_TYPE, shopKeys.publicKeys(), BudgetHead.class).head(),
        shop.budget.chain().lost().getFirst().head());
  }

  @Test
  void headThatThisPartyNeverSigned_stopsNothing() {
    BudgetHead invented =
        new BudgetHead(shopKeys.party(), new BudgetHead.Head(99, Digest.of("invented")));
    shop.witnesses.lineUp(
        Envelope.signDocument(BudgetHead.PAYLOAD_TYPE, invented, brandKeys).bytes());
    assertEquals(List.of(), shop.budget.chain().lost());
  }

  @Test
  void headOfAPeer_signedByAnother_isRefused() {
    MemoryChannel[] ends = MemoryChannel.pair(shopKeys.party(), brandKeys.party());
    brand.witnesses.say(ends[1]);
    ProblemException e =
        assertThrows(
            ProblemException.class, () -> shop.witnesses.hear(ends[0], shopKeys.publicKeys()));
    assertEquals(ErrorCode.SIGNATURE_REFUSED, e.problem().code());
  }

  @Test
  void attempt_waitsUntilTheCoordinatorHasKeptTheHeadOfNow() throws Exception {
    shop.spend();
    assertEquals(
        ErrorCode.PEER_SILENT,
        assertThrows(ProblemException.class, () -> shop.witnesses.requireKept()).problem().code());
    BudgetHead told =
        shop.told
            .getLast()
            .verify(BudgetHead.PAYLOAD_TYPE, shopKeys.publicKeys(), BudgetHead.class);
    assertEquals(shop.budget.chain().head(), told.head());
    shop.witnesses.coordinatorKept(told.head().number() - 1);
    assertThrows(ProblemException.class, () -> shop.witnesses.requireKept());
    shop.witnesses.coordinatorKept(told.head().number());
    shop.witnesses.requireKept();
    shop.spend();
    assertThrows(ProblemException.class, () -> shop.witnesses.requireKept());
    assertTrue(shop.told.size() > 1);
  }
}

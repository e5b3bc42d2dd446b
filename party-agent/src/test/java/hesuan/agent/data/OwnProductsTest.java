package hesuan.agent.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import hesuan.agent.Agent;
import hesuan.agent.AgentConfig;
import hesuan.agent.budget.Budget;
import hesuan.evidence.Envelope;
import hesuan.evidence.SigningKeys;
import hesuan.policy.PartySettings;
import hesuan.policy.PolicyEngine;
import hesuan.source.Fingerprint;
import hesuan.source.ReadLimits;
import hesuan.source.Source;
import hesuan.store.Store;
import hesuan.wire.Digest;
import hesuan.wire.Disclosure;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.IdRule;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a published product tells of the data behind it. */
class OwnProductsTest {
  private static final PartyId SHOP = new PartyId("shop-a");
  private static final ProductRef FIRST = ProductRef.parse("shop-a/visits@1");
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-11-21T08:00:00Z"), ZoneOffset.UTC);

  @TempDir Path home;
  private final SecureRandom random = new SecureRandom();
  private Store store;
  private SigningKeys keys;
  private OwnProducts own;
  private Path file;

  @BeforeEach
  void open() throws IOException {
    keys = SigningKeys.generate(SHOP, random);
    file = home.resolve("visits.csv");
    Files.writeString(file, "phone\n13800000001\n13800000002\n");
    store = Store.open(home.resolve("state.db"), Agent.SCHEMA);
    own = products(store);
  }

  private OwnProducts products(Store in) {
    return new OwnProducts(
        in,
        keys,
        PolicyEngine.builtIn(PartySettings.defaults()),
        Budget.open(in, CLOCK),
        home.resolve("tmp"),
        new AgentConfig(SHOP, "fed", "c:1", "c:2", null, null, "c:3", 256, 1),
        CLOCK,
        random);
  }

  @AfterEach
  void close() {
    store.close();
    keys.close();
  }

  private Product publish(OwnProducts in) {
    return in.publish(
            new PublishRequest(
                "visits",
                "visits",
                Json.mapper().createObjectNode().put("kind", "csv").put("path", file.toString()),
                new Product.Id("phone", IdRule.PHONE_CN),
                List.of(
                    new Product.DisclosureRule(
                        "phone",
                        Disclosure.AGGREGATE,
                        List.of("*"),
                        List.of("audience"),
                        LocalDate.of(2027, 1, 1))),
                new Product.Terms(20, Epsilon.parse("1")),
                null,
                Epsilon.parse("1"),
                null,
                null))
        .product();
  }

  private Digest ofTheFile() {
    return Fingerprint.of(new Source.Csv(file), ReadLimits.in(home.resolve("tmp")));
  }

  /**
   * Whoever knows all rows but one could make every file that it might be, and compare: so the same
   * file is published under another digest each time, which only its owner can open.
   */
  @Test
  void publishedFingerprint_tellsNothingOfTheFile_toWhoHasNotTheSalt() {
    Digest published = publish(own).fingerprint();
    assertNotEquals(ofTheFile(), published);
    OwnProducts.Opening opening = own.find(FIRST).orElseThrow().opening();
    assertEquals(ofTheFile(), opening.fingerprint());
    assertEquals(published, Fingerprint.commitment(opening.fingerprint(), opening.salt()));
    try (Store elsewhere = Store.open(home.resolve("other.db"), Agent.SCHEMA)) {
      assertNotEquals(published, publish(products(elsewhere)).fingerprint());
    }
  }

  @Test
  void sameAgain_isTheVersionThatStands_otherDataAreTheNext() throws IOException {
    Product first = publish(own);
    assertEquals(first, publish(own));
    own.requireUnchanged(FIRST);
    Files.writeString(file, "phone\n13800000001\n13800000003\n");
    assertEquals(2, publish(own).ref().version());
  }

  /** The refusal goes to all parties of a job. */
  @Test
  void changedFile_isRefused_withoutAWordOfItsDigest() throws IOException {
    publish(own);
    Digest before = ofTheFile();
    Files.writeString(file, "phone\n13800000001\n13800000003\n");
    Problem problem =
        assertThrows(ProblemException.class, () -> own.requireUnchanged(FIRST)).problem();
    assertEquals(ErrorCode.SOURCE_CHANGED, problem.code());
    for (Digest digest :
        List.of(before, ofTheFile(), own.find(FIRST).orElseThrow().product().fingerprint())) {
      assertFalse(problem.sentence(false).contains(digest.hex().substring(0, 8)));
    }
  }

  @Test
  void versionFromBeforeThereWereSalts_isStillCompared() throws IOException {
    Product plain = publish(own);
    Product old =
        new Product(
            plain.apiVersion(),
            plain.ref(),
            plain.title(),
            plain.columns(),
            plain.id(),
            plain.rules(),
            plain.terms(),
            ofTheFile(),
            plain.rows());
    store.inTransaction(
        "as it was",
        t ->
            t.update(
                "UPDATE product SET envelope = ?, fingerprint = NULL, salt = NULL",
                Envelope.signDocument(Product.PAYLOAD_TYPE, old, keys).bytes()));
    assertNull(own.find(FIRST).orElseThrow().opening());
    own.requireUnchanged(FIRST);
    assertEquals(old, publish(own));
    Files.writeString(file, "phone\n13800000001\n13800000003\n");
    assertThrows(ProblemException.class, () -> own.requireUnchanged(FIRST));
  }

  @Test
  void saltThatIsNotTheOneOfTheDocument_isFound() {
    publish(own);
    store.inTransaction(
        "another salt", t -> t.update("UPDATE product SET salt = ?", Digest.of("x").hex()));
    assertThrows(ProblemException.class, () -> own.find(FIRST));
  }
}

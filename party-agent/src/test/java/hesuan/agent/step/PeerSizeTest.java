package hesuan.agent.step;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class PeerSizeTest {
  private static final PartyId ASKER = new PartyId("brand-a");
  private static final Plan.Ask ASK =
      new Plan.Ask(ProductRef.parse("mall-b/visits@1"), ASKER, 2000);

  private int answers;
  private final PeerSize limits = new PeerSize(ASKER, ASK, 50, () -> answers++);

  private static Problem problem(Executable work) {
    return assertThrows(ProblemException.class, work).problem();
  }

  @Test
  void told_acceptsWhatWasPlanned() {
    assertDoesNotThrow(() -> limits.told(50));
    assertDoesNotThrow(() -> limits.told(2000));
    assertEquals(2, answers);
  }

  @Test
  void told_moreThanWasCharged_isRefused() {
    assertEquals(ErrorCode.QUERIES_EXHAUSTED, problem(() -> limits.told(2001)).code());
    assertEquals(0, answers);
  }

  @Test
  void told_aSetThatOnlyProbes_isRefused() {
    assertEquals(ErrorCode.GROUP_TOO_SMALL, problem(() -> limits.told(1)).code());
    assertEquals(ErrorCode.GROUP_TOO_SMALL, problem(() -> limits.told(49)).code());
    assertEquals(0, answers);
  }

  @Test
  void told_aPeerThatLearnsOfNobody_mayHaveAnySize() {
    assertDoesNotThrow(() -> new PeerSize(ASKER, null, 50, () -> answers++).told(1));
  }

  @Test
  void requireCrowd_doesNotSayHowSmallTheOwnSetIs() {
    Problem problem = problem(() -> PeerSize.requireCrowd(17, 50));
    assertEquals(ErrorCode.GROUP_TOO_SMALL, problem.code());
    assertFalse(problem.sentence(false).contains("17"));
  }
}

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
  private static final PeerSize LIMITS =
      new PeerSize(ASKER, new Plan.Ask(ProductRef.parse("mall-b/visits@1"), ASKER, 2000), 50);

  private static Problem problem(Executable work) {
    return assertThrows(ProblemException.class, work).problem();
  }

  @Test
  void told_acceptsWhatWasPlanned() {
    assertDoesNotThrow(() -> LIMITS.told(50));
    assertDoesNotThrow(() -> LIMITS.told(2000));
  }

  @Test
  void told_moreThanWasCharged_isRefused() {
    assertEquals(ErrorCode.QUERIES_EXHAUSTED, problem(() -> LIMITS.told(2001)).code());
  }

  @Test
  void told_aSetThatOnlyProbes_isRefused() {
    assertEquals(ErrorCode.GROUP_TOO_SMALL, problem(() -> LIMITS.told(1)).code());
    assertEquals(ErrorCode.GROUP_TOO_SMALL, problem(() -> LIMITS.told(49)).code());
  }

  @Test
  void told_aPeerThatLearnsOfNobody_mayHaveAnySize() {
    assertDoesNotThrow(() -> new PeerSize(ASKER, null, 50).told(1));
  }

  @Test
  void requireCrowd_doesNotSayHowSmallTheOwnSetIs() {
    Problem problem = problem(() -> PeerSize.requireCrowd(17, 50));
    assertEquals(ErrorCode.GROUP_TOO_SMALL, problem.code());
    assertFalse(problem.sentence(false).contains("17"));
  }
}

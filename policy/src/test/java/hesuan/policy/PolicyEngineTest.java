package hesuan.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Disclosure;
import hesuan.wire.Json;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PolicyEngineTest {
  private static final PolicyEngine ENGINE = PolicyEngine.builtIn(PartySettings.defaults());

  @Test
  void everyPhase_ofTheExample_isAllowed() {
    for (PolicyInput input :
        List.of(
            PolicyInput.publish(Questions.SHOP, Questions.product(Questions.ORDERS), Questions.NOW),
            PolicyInput.propose(
                new hesuan.wire.PartyId("coordinator"),
                Questions.plan(),
                Questions.contract(),
                Questions.products(),
                Questions.NOW),
            Questions.admit(),
            PolicyInput.step(
                Questions.SHOP,
                Questions.plan(),
                Questions.contract(),
                Questions.products(),
                1,
                Questions.NOW),
            Questions.release(Questions.shape()))) {
      Decision decision = ENGINE.decide(input);
      assertTrue(decision.allow(), () -> input.phase() + " " + decision.reasons());
    }
  }

  @Test
  void allow_carriesObligations_andRoundTrips() {
    Decision decision = ENGINE.decide(Questions.admit());
    assertEquals(50, decision.obligation(Decision.GROUP_MINIMUM).orElseThrow());
    assertEquals(decision, Json.read(Json.canonical(decision), Decision.class));
  }

  @Test
  void denial_namesRuleAndSmallestChange() {
    Decision decision =
        ENGINE.decide(
            PolicyInput.admit(
                Questions.SHOP,
                Questions.plan("audience.overlap", Disclosure.PLAIN, "0.5", 20),
                Questions.contract(),
                Questions.products(),
                Questions.NOW));
    assertEquals(
        List.of("privacy.minGroup 50", "use.level shop-b/orders@40 city aggregate"),
        decision.reasons().stream().map(r -> r.change().text()).sorted().toList());
    assertEquals(
        List.of("disclosure.level", "group.minimum"),
        decision.reasons().stream().map(Decision.Reason::rule).sorted().toList());
  }
}

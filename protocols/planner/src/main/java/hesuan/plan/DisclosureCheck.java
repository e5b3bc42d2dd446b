package hesuan.plan;

import hesuan.job.Refusal;
import hesuan.wire.Disclosure;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Problem;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Holds every use of a column in a plan against the rules that its owner published. */
final class DisclosureCheck {
  private DisclosureCheck() {}

  static List<Refusal> refusals(
      Plan plan, Map<ProductRef, PublishedProduct> products, LocalDate on) {
    List<Refusal> refusals = new ArrayList<>();
    for (Plan.ColumnUse use : plan.uses()) {
      Product product = Planner.published(products, use.product()).product();
      List<PartyId> denied =
          use.receivers().stream()
              .filter(r -> !granted(product, use.column(), r, plan.purpose(), on).allows(use.use()))
              .toList();
      for (PartyId receiver : denied) {
        Disclosure granted = granted(product, use.column(), receiver, plan.purpose(), on);
        refusals.add(
            new Refusal(
                product.ref().party(),
                "disclosure." + use.column(),
                new Problem(
                    ErrorCode.DISCLOSURE_DENIED,
                    use.where(),
                    "%s of %s at most %s to %s for %s on %s"
                        .formatted(
                            use.column(),
                            product.ref(),
                            granted.text(),
                            receiver,
                            plan.purpose(),
                            on),
                    use.use().text()),
                change(plan, use, denied)));
      }
    }
    return refusals;
  }

  /**
   * What the owner grants: the most that any rule for the column grants to that receiver, for that
   * purpose, on that day; but a rule that says {@code never} and applies outdoes the others. A rule
   * for {@code *} speaks only of columns without a rule of their own. The owner itself needs no
   * grant, yet its own {@code never} binds it too.
   */
  static Disclosure granted(
      Product product, String column, PartyId receiver, String purpose, LocalDate on) {
    List<Product.DisclosureRule> own =
        product.rules().stream().filter(r -> r.column().equals(column)).toList();
    List<Product.DisclosureRule> rules =
        own.isEmpty() ? product.rules().stream().filter(r -> r.column().equals("*")).toList() : own;
    Disclosure most = receiver.equals(product.ref().party()) ? Disclosure.PLAIN : Disclosure.NEVER;
    for (Product.DisclosureRule rule : rules) {
      if (!covers(rule.receivers(), receiver.value())
          || rule.purposes().stream().noneMatch(p -> coversPurpose(p, purpose))) {
        continue;
      }
      if (rule.level() == Disclosure.NEVER) {
        return Disclosure.NEVER;
      }
      if (!on.isAfter(rule.until()) && !most.allows(rule.level())) {
        most = rule.level();
      }
    }
    return most;
  }

  private static boolean covers(List<String> values, String value) {
    return values.contains("*") || values.contains(value);
  }

  /** {@code audience} covers {@code audience.overlap}, and not {@code audience2}. */
  private static boolean coversPurpose(String granted, String asked) {
    return granted.equals("*") || granted.equals(asked) || asked.startsWith(granted + ".");
  }

  /**
   * Leaving a receiver out, or an expression, is the analyst's to do; else the owner must grant
   * more.
   */
  private static String change(Plan plan, Plan.ColumnUse use, List<PartyId> denied) {
    List<PartyId> remaining =
        plan.outputs().getFirst().to().stream().filter(p -> !denied.contains(p)).toList();
    if (remaining.contains(plan.leader())) {
      return "outputs[0].to: " + remaining;
    }
    String grant =
        "%s: {column: %s, level: %s, receivers: %s, purposes: [%s]}"
            .formatted(
                use.product().asset(), use.column(), use.use().text(), denied, plan.purpose());
    return use.where().startsWith("what.sql ") ? "- " + use.where() + " | " + grant : grant;
  }
}

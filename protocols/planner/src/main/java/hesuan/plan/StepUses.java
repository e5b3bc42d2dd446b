package hesuan.plan;

import hesuan.aggregate.CellRange;
import hesuan.aggregate.StatisticCells;
import hesuan.wire.Disclosure;
import hesuan.wire.Epsilon;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import hesuan.wire.Rho;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What a step does with columns, tells to whom, costs whom and takes: a case for each kind. */
final class StepUses {
  private StepUses() {}

  static List<Plan.ColumnUse> uses(
      Plan.Step step, List<Product> products, List<PartyId> receivers) {
    List<Plan.ColumnUse> uses = new ArrayList<>();
    for (Product product : products) {
      Uses of = new Uses(product, receivers, uses);
      String id = product.id().column();
      switch (step) {
        case Plan.Overlap s -> {
          of.add(id, Disclosure.JOIN_KEY, s.name() + ".id");
          if (s.by() != null && product.equals(products.getFirst())) {
            of.add(s.by(), Disclosure.AGGREGATE, s.name() + ".by");
          }
        }
        case Plan.Intersect s -> of.add(id, Disclosure.PLAIN, s.name() + ".id");
        case Plan.IntersectAll s -> of.add(id, Disclosure.PLAIN, s.name() + ".id");
        case Plan.JoinStatistics s -> {
          of.add(id, Disclosure.JOIN_KEY, s.name() + ".id");
          Plan.Window window = s.window();
          if (product.equals(products.getFirst())) {
            of.add(s.by(), Disclosure.AGGREGATE, s.name() + ".by");
            if (window != null) {
              of.add(window.touched(), Disclosure.COMPUTE, s.name() + ".touched");
            }
          } else {
            if (s.value() != null) {
              of.add(s.value().column(), Disclosure.AGGREGATE, s.name() + ".value");
            }
            if (window != null) {
              of.add(window.converted(), Disclosure.COMPUTE, s.name() + ".converted");
            }
          }
        }
        case Plan.JoinQuery s -> {
          of.add(id, Disclosure.JOIN_KEY, s.name() + ".id");
          boolean ofGroups = product.equals(products.getFirst());
          (ofGroups ? s.groupReads() : s.figures().reads())
              .forEach(r -> of.add(r.column(), r.use(), r.where()));
        }
        case Plan.SecureSum s -> {
          of.add(s.column(), Disclosure.AGGREGATE, s.name() + ".column");
          if (s.by() != null) {
            of.add(s.by(), Disclosure.AGGREGATE, s.name() + ".by");
          }
        }
        case Plan.DpQuery s -> {
          s.reads().forEach(r -> of.add(r.column(), r.use(), r.where()));
          if (s.selection() != null) {
            Uses toAll = new Uses(product, all(products, receivers), uses);
            s.selection()
                .columns()
                .forEach(c -> toAll.add(c, Disclosure.AGGREGATE, s.name() + ".keys"));
          }
        }
        case Plan.Train s -> {
          of.add(id, Disclosure.COMPUTE, s.name() + ".holdout");
          s.features().forEach(f -> of.add(f, Disclosure.AGGREGATE, s.name() + ".features"));
          of.add(s.label(), Disclosure.AGGREGATE, s.name() + ".label");
        }
      }
    }
    return uses;
  }

  /** Who hears of keys that one owner selected. */
  private static List<PartyId> all(List<Product> products, List<PartyId> receivers) {
    return Stream.concat(products.stream().map(p -> p.ref().party()), receivers.stream())
        .distinct()
        .sorted()
        .toList();
  }

  private record Uses(Product product, List<PartyId> receivers, List<Plan.ColumnUse> uses) {
    void add(String column, Disclosure use, String where) {
      uses.add(new Plan.ColumnUse(product.ref(), column, use, receivers, where));
    }
  }

  /** The words are explained in docs/jobs.md, what stands behind them in docs/protocols. */
  static List<Plan.Reveal> reveals(
      Plan.Step step, PartyId leader, List<PartyId> receivers, List<PartyId> parties) {
    List<Plan.Reveal> reveals = new ArrayList<>();
    switch (step) {
      case Plan.Overlap s -> {
        s.products().stream()
            .skip(1)
            .forEach(p -> reveals.add(new Plan.Reveal(p.party(), "overlap.sizes")));
        reveals.add(new Plan.Reveal(leader, "overlap.sizes"));
        receivers.forEach(r -> reveals.add(new Plan.Reveal(r, "overlap.noisedCounts")));
      }
      case Plan.Intersect s when s.engine() == Plan.IntersectEngine.UNBALANCED -> {
        PartyId holder = s.products().getLast().party();
        reveals.add(
            new Plan.Reveal(
                holder, s.sizeStep() == 1 ? "intersect.sizes" : "intersect.sizesInSteps"));
        reveals.add(new Plan.Reveal(holder, "intersect.count"));
        reveals.add(new Plan.Reveal(leader, "intersect.sizes"));
        reveals.add(new Plan.Reveal(leader, "lookup.changes"));
        reveals.add(new Plan.Reveal(leader, "intersect.ownMembers"));
      }
      case Plan.Intersect s -> {
        for (ProductRef product : s.products()) {
          reveals.add(
              new Plan.Reveal(
                  product.party(),
                  s.sizeStep() == 1 ? "intersect.sizes" : "intersect.sizesInSteps"));
          reveals.add(new Plan.Reveal(product.party(), "intersect.count"));
        }
        receivers.forEach(r -> reveals.add(new Plan.Reveal(r, "intersect.ownMembers")));
      }
      case Plan.IntersectAll s -> {
        for (ProductRef product : s.products()) {
          reveals.add(
              new Plan.Reveal(
                  product.party(),
                  s.sizeStep() == 1 ? "intersect.sizes" : "intersect.sizesInSteps"));
          reveals.add(new Plan.Reveal(product.party(), "intersect.countOfAll"));
        }
        receivers.forEach(r -> reveals.add(new Plan.Reveal(r, "intersect.ownMembersOfAll")));
      }
      case Plan.JoinStatistics s -> join(s.matches(), s.products(), leader, receivers, reveals);
      case Plan.JoinQuery s -> join(s.matches(), s.products(), leader, receivers, reveals);
      case Plan.SecureSum s when s.statistics() != null -> {
        StatisticCells.of(s)
            .kinds()
            .forEach(k -> reveals.add(new Plan.Reveal(leader, "secureSum." + k.told())));
        receivers.stream()
            .filter(r -> !r.equals(leader))
            .forEach(r -> reveals.add(new Plan.Reveal(r, "secureSum.figures")));
      }
      case Plan.SecureSum _ ->
          receivers.forEach(r -> reveals.add(new Plan.Reveal(r, "secureSum.totals")));
      case Plan.DpQuery s -> {
        if (s.selection() != null) {
          for (PartyId party : parties) {
            String keys = party.equals(leader) ? "dpQuery.keysOfEachOwner" : "dpQuery.selectedKeys";
            reveals.add(new Plan.Reveal(party, keys));
          }
        }
        receivers.forEach(r -> reveals.add(new Plan.Reveal(r, "dpQuery.noisedCells")));
      }
      case Plan.Train s -> {
        s.products()
            .forEach(p -> reveals.add(new Plan.Reveal(p.party(), "train.modelOfEachRound")));
        receivers.forEach(r -> reveals.add(new Plan.Reveal(r, "train.modelAndFigures")));
      }
    }
    return reveals;
  }

  /** A receiver's rows are published to two digits, upwards, so its people are not more. */
  static List<Plan.Ask> asks(Plan.Step step, List<Product> products, List<PartyId> receivers) {
    long sizeStep =
        switch (step) {
          case Plan.Intersect s -> s.sizeStep();
          case Plan.IntersectAll s -> s.sizeStep();
          case Plan.Overlap _,
              Plan.JoinStatistics _,
              Plan.JoinQuery _,
              Plan.SecureSum _,
              Plan.DpQuery _,
              Plan.Train _ ->
              0;
        };
    if (sizeStep == 0) {
      return List.of();
    }
    List<Plan.Ask> asks = new ArrayList<>();
    for (Product asking : products) {
      for (Product asked : products) {
        if (!asking.equals(asked) && receivers.contains(asking.ref().party())) {
          long items = Math.max(1, Math.ceilDiv(asking.rows(), sizeStep)) * sizeStep;
          asks.add(new Plan.Ask(asked.ref(), asking.ref().party(), items));
        }
      }
    }
    return asks.stream()
        .sorted((a, b) -> (a.product() + " " + a.by()).compareTo(b.product() + " " + b.by()))
        .toList();
  }

  private static void join(
      Plan.Matches matches,
      List<ProductRef> products,
      PartyId leader,
      List<PartyId> receivers,
      List<Plan.Reveal> reveals) {
    PartyId other = products.getLast().party();
    reveals.add(new Plan.Reveal(leader, "join.size"));
    switch (matches) {
      case NOISED -> {
        reveals.add(new Plan.Reveal(leader, "join.noisedMatches"));
        reveals.add(new Plan.Reveal(other, "join.groupSizes"));
      }
      case HIDDEN -> reveals.add(new Plan.Reveal(other, "join.size"));
    }
    receivers.forEach(r -> reveals.add(new Plan.Reveal(r, "join.noisedSums")));
  }

  /** Every owner is charged in full: a person may be in every product. */
  static List<Plan.Charge> charges(Plan.Step step, List<Product> products) {
    Epsilon epsilon = epsilon(step);
    Rho rho = rho(step);
    Plan.Concentrated concentrated =
        rho.equals(Rho.of(epsilon)) ? null : new Plan.Concentrated(rho, outside(step));
    return products.stream()
        .sorted((a, b) -> a.ref().compareTo(b.ref()))
        .map(
            p ->
                new Plan.Charge(
                    p.ref(), p.ref().party(), p.id().column(), epsilon, delta(step), concentrated))
        .toList();
  }

  private static Epsilon epsilon(Plan.Step step) {
    return switch (step) {
      case Plan.Overlap s -> s.epsilon();
      case Plan.JoinStatistics s -> s.epsilon();
      case Plan.JoinQuery s -> s.epsilon();
      case Plan.DpQuery s ->
          s.aggregates().stream()
              .map(Plan.Aggregate::epsilon)
              .reduce(
                  s.selection() == null ? Epsilon.ZERO : s.selection().epsilon(), Epsilon::plus);
      case Plan.Intersect _, Plan.IntersectAll _, Plan.SecureSum _, Plan.Train _ -> Epsilon.ZERO;
    };
  }

  /** Parts are noised apart, each private for its part of epsilon, so their rhos add. */
  private static Rho rho(Plan.Step step) {
    return switch (step) {
      case Plan.Overlap s -> Rho.of(s.epsilon());
      case Plan.JoinStatistics s -> new Rho(Rho.of(s.epsilonEach()).picos() * s.parts());
      case Plan.JoinQuery s -> rho(s.matchesEpsilon(), s.figures().aggregates());
      case Plan.DpQuery s -> {
        Epsilon selection = s.selection() == null ? Epsilon.ZERO : s.selection().epsilon();
        yield s.shared() == null
            ? rho(selection, s.aggregates())
            : Rho.of(selection).plus(s.shared().rho());
      }
      case Plan.Intersect _, Plan.IntersectAll _, Plan.SecureSum _, Plan.Train _ -> Rho.ZERO;
    };
  }

  private static Rho rho(Epsilon beside, List<Plan.Aggregate> aggregates) {
    return aggregates.stream()
        .map(Plan.Aggregate::epsilon)
        .map(Rho::of)
        .reduce(Rho.of(beside), Rho::plus);
  }

  /** The delta of parts that are not concentrated without one. */
  private static String outside(Plan.Step step) {
    if (step instanceof Plan.DpQuery query) {
      return query.selection() == null ? "0" : query.selection().delta();
    }
    return delta(step);
  }

  private static String delta(Plan.Step step) {
    return switch (step) {
      case Plan.Overlap s -> s.delta();
      case Plan.JoinStatistics s -> s.delta();
      case Plan.JoinQuery s -> s.delta();
      case Plan.DpQuery s ->
          Fields.plain(
              new BigDecimal(s.selection() == null ? "0" : s.selection().delta())
                  .add(new BigDecimal(s.shared() == null ? "0" : s.shared().delta())));
      case Plan.Intersect _, Plan.IntersectAll _, Plan.SecureSum _, Plan.Train _ -> "0";
    };
  }

  /** Rough, and from public sizes only; good to tell seconds from hours. */
  static Plan.Estimate estimate(Plan.Step step, List<Product> products) {
    double rows = products.stream().mapToLong(Product::rows).sum();
    double owners = products.size();
    double bytes =
        switch (step) {
          // blinded ids there and back, and two points of encrypted label for each group
          case Plan.Overlap s ->
              rows * 64
                  + (products.getFirst().rows() * 64.0) * Math.max(1, s.groups().size()) * owners;
          case Plan.Intersect s ->
              switch (s.engine()) {
                case VOLE -> rows * 16 + 2e6;
                case VOLE_MALICIOUS -> rows * 20 + 2e6;
                case ECDH -> rows * 40;
                // the filter the first time, and three messages of elements
                case UNBALANCED ->
                    products.getLast().rows() * 8.4 + products.getFirst().rows() * 64;
              };
          // a store of 22 bytes an item from all but two, and the run of these two
          case Plan.IntersectAll s ->
              switch (s.engine()) {
                case VOLE, VOLE_MALICIOUS -> rows * 22 + 2e6;
                case ECDH -> rows * 40;
                case UNBALANCED -> throw ofTwo(s);
              };
          case Plan.JoinStatistics s ->
              joinBytes(
                  s.matches(),
                  days(s) * products.getFirst().rows(),
                  products.getLast().rows(),
                  s.groups().size(),
                  s.figures());
          case Plan.JoinQuery s ->
              joinBytes(
                  s.matches(),
                  products.getFirst().rows(),
                  products.getLast().rows(),
                  s.figures().groups().size(),
                  s.figures().aggregates().size());
          case Plan.SecureSum s -> owners * (8.0 * cellsOf(s) + 200 * owners);
          case Plan.DpQuery s ->
              owners * (8.0 * groupsMost(s) * s.aggregates().size() + 200 * owners);
          case Plan.Train s -> 2 * owners * s.rounds() * 8.0 * parametersOf(s);
        };
    double seconds =
        switch (step) {
          case Plan.Overlap s ->
              rows * 2e-4 * owners + products.getFirst().rows() * 2e-4 * s.groups().size() * owners;
          case Plan.Intersect s ->
              switch (s.engine()) {
                case VOLE, VOLE_MALICIOUS -> rows * 2e-6;
                case ECDH -> rows * 2e-4;
                case UNBALANCED ->
                    products.getLast().rows() * 3e-5 + products.getFirst().rows() * 1e-4;
              };
          case Plan.IntersectAll s ->
              switch (s.engine()) {
                case VOLE, VOLE_MALICIOUS -> rows * 2e-6;
                case ECDH -> rows * 2e-4;
                case UNBALANCED -> throw ofTwo(s);
              };
          case Plan.JoinStatistics s ->
              joinSeconds(s.matches())
                  * (days(s) * products.getFirst().rows() + products.getLast().rows());
          case Plan.JoinQuery s -> joinSeconds(s.matches()) * rows;
          case Plan.SecureSum _, Plan.DpQuery _ -> rows / 2e6;
          case Plan.Train s -> s.rounds() * rows * parametersOf(s) * 1e-9;
        };
    return new Plan.Estimate(
        (long) Math.min(bytes, 1e15), (int) Math.min(1 + Math.ceil(seconds), 1e8));
  }

  private static IllegalArgumentException ofTwo(Plan.IntersectAll step) {
    return new IllegalArgumentException(step.name() + " of more than two by engine unbalanced");
  }

  private static double joinBytes(
      Plan.Matches matches, double grouped, double figured, double groups, double figures) {
    return switch (matches) {
      case NOISED -> grouped * 48 + figured * (32 + groups * (16 + 8 * figures));
      case HIDDEN -> grouped * 31 + figured * (90 + groups * 11) + 2e6;
    };
  }

  /** For an item. */
  private static double joinSeconds(Plan.Matches matches) {
    return switch (matches) {
      case NOISED -> 1e-4;
      case HIDDEN -> 6e-6;
    };
  }

  /** Proofs are of bits, each of them a cell. */
  private static double cellsOf(Plan.SecureSum step) {
    if (step.statistics() == null) {
      return step.keys().size();
    }
    StatisticCells cells = StatisticCells.of(step);
    return step.statistics().proved()
        ? CellRange.parameters(cells.ranges()).elements()
        : cells.cells();
  }

  private static double groupsMost(Plan.DpQuery step) {
    return step.selection() == null
        ? step.groups().size()
        : (double) step.selection().groupsMax() * step.products().size();
  }

  /** Items for one touch: a day each, from the touch to the end of the window. */
  private static double days(Plan.JoinStatistics step) {
    return step.window() == null ? 1 : 1.0 + step.window().days();
  }

  private static double parametersOf(Plan.Train step) {
    double parameters = 0;
    double width = step.features().size();
    for (var layer : step.model().path("layers")) {
      double units = layer.path("units").asDouble();
      parameters += (width + 1) * units;
      width = units;
    }
    return parameters + width + 1;
  }
}

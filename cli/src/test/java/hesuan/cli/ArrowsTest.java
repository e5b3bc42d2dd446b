package hesuan.cli;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.elements.ClassesShouldConjunction;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ThreadPoolExecutor;
import org.junit.jupiter.api.Test;

/** The arrows between packages, as ARCHITECTURE.md draws them: each may use the rows below it. */
class ArrowsTest {
  private static final JavaClasses ALL =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("hesuan");

  private static final DescribedPredicate<JavaClass> HEAVY =
      resideInAnyPackage("hesuan.learn.dl4j..");

  private static final DescribedPredicate<JavaClass> PROTOCOLS =
      resideInAnyPackage(
              "hesuan.wire..",
              "hesuan.channel..",
              "hesuan.group..",
              "hesuan.okvs..",
              "hesuan.vole..",
              "hesuan.transfer..",
              "hesuan.circuit..",
              "hesuan.range..",
              "hesuan.psi..",
              "hesuan.join..",
              "hesuan.aggregate..",
              "hesuan.dp..",
              "hesuan.learn..",
              "hesuan.evidence..",
              "hesuan.job..",
              "hesuan.ids..")
          .and(DescribedPredicate.not(HEAVY))
          .as("protocols");

  /** The second row: what each box holds. No box may use another. */
  private static final Map<String, DescribedPredicate<JavaClass>> SECOND_ROW = secondRow();

  private static final DescribedPredicate<JavaClass> NODES =
      resideInAnyPackage("hesuan.agent..", "hesuan.coordinator..").or(HEAVY).as("the third row");

  private static final DescribedPredicate<JavaClass> TOP =
      resideInAnyPackage("hesuan.cli..", "hesuan.demo..").as("the top row");

  private static Map<String, DescribedPredicate<JavaClass>> secondRow() {
    Map<String, DescribedPredicate<JavaClass>> boxes = new LinkedHashMap<>();
    boxes.put("planner", resideInAnyPackage("hesuan.plan..").as("the planner"));
    boxes.put(
        "node",
        resideInAnyPackage(
                "hesuan.identity..",
                "hesuan.transport..",
                "hesuan.store..",
                "hesuan.log..",
                "hesuan.http..",
                "hesuan.control..")
            .as("the node"));
    boxes.put("policy", resideInAnyPackage("hesuan.policy..").as("the policy"));
    boxes.put("connectors", resideInAnyPackage("hesuan.source..").as("the connectors"));
    boxes.put("sandbox", resideInAnyPackage("hesuan.sandbox..").as("the sandbox"));
    return boxes;
  }

  private static DescribedPredicate<JavaClass> ours(List<DescribedPredicate<JavaClass>> boxes) {
    return DescribedPredicate.or(boxes);
  }

  @Test
  void everyClass_standsInOneRow() {
    List<DescribedPredicate<JavaClass>> boxes = new ArrayList<>(SECOND_ROW.values());
    boxes.addAll(List.of(PROTOCOLS, NODES, TOP));
    TreeSet<String> lost = new TreeSet<>();
    for (JavaClass each : ALL) {
      if (boxes.stream().filter(box -> box.test(each)).count() != 1) {
        lost.add(each.getPackageName());
      }
    }
    assertEquals(new TreeSet<>(), lost);
  }

  @Test
  void protocols_useNothingOfOurs() {
    classes()
        .that(PROTOCOLS)
        .should()
        .onlyDependOnClassesThat(PROTOCOLS.or(resideOutsideOfPackages("hesuan..")))
        .check(ALL);
  }

  @Test
  void secondRow_usesProtocolsAndNothingSideways() {
    SECOND_ROW.forEach(
        (name, box) ->
            classes()
                .that(box)
                .should()
                .onlyDependOnClassesThat(
                    ours(List.of(PROTOCOLS, box, resideOutsideOfPackages("hesuan.."))))
                .because(name + " stands beside the others")
                .check(ALL));
  }

  @Test
  void nodes_doNotUseTheTop() {
    noClasses().that(NODES).should().dependOnClassesThat(TOP).check(ALL);
  }

  @Test
  void agentAndCoordinator_doNotUseEachOther() {
    noClasses()
        .that(resideInAnyPackage("hesuan.agent.."))
        .should()
        .dependOnClassesThat(resideInAnyPackage("hesuan.coordinator.."))
        .check(ALL);
    noClasses()
        .that(resideInAnyPackage("hesuan.coordinator.."))
        .should()
        .dependOnClassesThat(resideInAnyPackage("hesuan.agent..").or(HEAVY))
        .check(ALL);
  }

  /** An agent that doesn't train carries no learning library. */
  @Test
  void agent_knowsDeeplearning4jNot() {
    noClasses()
        .that(resideInAnyPackage("hesuan.agent.."))
        .should()
        .dependOnClassesThat(HEAVY.or(resideInAnyPackage("org.deeplearning4j..", "org.nd4j..")))
        .check(ALL);
  }

  @Test
  void protocols_arePure() {
    ClassesShouldConjunction impure =
        noClasses()
            .that(PROTOCOLS)
            .should()
            .dependOnClassesThat(
                resideInAnyPackage("java.net..", "java.nio.file..", "org.slf4j..", "java.sql.."));
    impure
        .orShould()
        .callMethodWhere(
            DescribedPredicate.describe(
                "time is read from a clock that nobody passed in",
                call ->
                    call.getTargetOwner().isEquivalentTo(Clock.class)
                            && call.getName().startsWith("system")
                        || call.getTargetOwner().isEquivalentTo(Instant.class)
                            && call.getName().equals("now")
                            && call.getTarget().getRawParameterTypes().isEmpty()))
        .orShould()
        .callConstructorWhere(
            DescribedPredicate.describe(
                "randomness is made",
                call -> call.getTargetOwner().isAssignableTo(SecureRandom.class)))
        .check(ALL);
  }

  @Test
  void protocols_makeNoThreadPools() {
    noClasses()
        .that(PROTOCOLS)
        .should()
        .callMethodWhere(
            DescribedPredicate.describe(
                "a thread pool is made",
                call -> call.getTargetOwner().isEquivalentTo(Executors.class)))
        .orShould()
        .callConstructorWhere(
            DescribedPredicate.describe(
                "a thread pool is made",
                call ->
                    call.getTargetOwner().isAssignableTo(ThreadPoolExecutor.class)
                        || call.getTargetOwner().isAssignableTo(ForkJoinPool.class)))
        .check(ALL);
  }
}

package hesuan.policy;

import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A party's own word, above every job and contract: the purposes it knows, what it never does, its
 * floors and ceilings, and its kill switches. Kept in the agent's home as {@code
 * policy/settings.json}; a change takes effect on the next decision.
 *
 * @param purposes every purpose code the party knows; another one is denied
 * @param deniedPurposes never, nor anything below or above them; {@code *} is all
 * @param deniedParties never together with these
 * @param deniedProtocols step kinds: overlap, intersect, joinStatistics, secureSum, dpQuery, train
 * @param deniedColumns names that may not become a column of a product (the negative list)
 * @param minGroup smallest group about which anything may be released
 * @param maxEpsilon most that one job may spend on one product
 * @param maxDelta largest delta of a charge, a decimal
 * @param frozen kill switch: nothing is allowed
 * @param frozenProducts {@code party/name} or {@code party/name@version}
 */
public record PartySettings(
    String apiVersion,
    List<String> purposes,
    List<String> deniedPurposes,
    List<PartyId> deniedParties,
    List<String> deniedProtocols,
    List<String> deniedColumns,
    int minGroup,
    Epsilon maxEpsilon,
    String maxDelta,
    boolean frozen,
    List<PartyId> frozenParties,
    List<String> frozenProducts,
    List<String> frozenContracts) {

  public static final String VERSION = "hesuan/v1";
  private static final int LIST_MAX = 1000;
  private static final Pattern PURPOSE =
      Pattern.compile("[a-z][a-z0-9]{0,39}(\\.[a-z][a-z0-9]{0,39}){0,5}");
  private static final Pattern ASSET =
      Pattern.compile("[a-z][a-z0-9-]{1,39}/[a-z][a-z0-9_-]{0,39}");

  /** The codes that a fresh party knows; see docs/policy.md for what each is for. */
  private static final List<String> PURPOSES =
      List.of(
          "audience",
          "audience.activation",
          "audience.attribution",
          "audience.intersect",
          "audience.lift",
          "audience.lookalike",
          "audience.overlap",
          "benchmark",
          "benchmark.market",
          "benchmark.store",
          "forecast",
          "forecast.demand",
          "forecast.supply",
          "policy.effect",
          "risk",
          "risk.credit",
          "risk.fraud",
          "service",
          "service.rights");

  public PartySettings {
    purposes = bounded("purposes", purposes);
    deniedPurposes = bounded("deniedPurposes", deniedPurposes);
    deniedParties = bounded("deniedParties", deniedParties);
    deniedProtocols = bounded("deniedProtocols", deniedProtocols);
    deniedColumns = bounded("deniedColumns", deniedColumns);
    frozenParties = bounded("frozenParties", frozenParties);
    frozenProducts = bounded("frozenProducts", frozenProducts);
    frozenContracts = bounded("frozenContracts", frozenContracts);
    if (!apiVersion.equals(VERSION)) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "apiVersion", VERSION, apiVersion);
    }
    purposes.forEach(code -> checkPurpose("purposes", code));
    deniedPurposes.stream()
        .filter(code -> !code.equals("*"))
        .forEach(code -> checkPurpose("deniedPurposes", code));
    List<String> protocols =
        List.of("overlap", "intersect", "joinStatistics", "secureSum", "dpQuery", "train");
    for (String protocol : deniedProtocols) {
      if (!protocols.contains(protocol)) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE, "deniedProtocols", "one of " + protocols, protocol);
      }
    }
    for (String product : frozenProducts) {
      if (!ASSET.matcher(product).matches()) {
        ProductRef.parse(product);
      }
    }
    frozenContracts.forEach(hesuan.wire.ContractId::new);
    if (minGroup < 1) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "minGroup", "at least 1", "" + minGroup);
    }
    PolicyInput.trillionths("maxDelta", maxDelta);
  }

  /** What a party starts with: everything that its contracts allow, with careful bounds. */
  public static PartySettings defaults() {
    return new PartySettings(
        VERSION,
        PURPOSES,
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        10,
        Epsilon.parse("1"),
        "0.000001",
        false,
        List.of(),
        List.of(),
        List.of());
  }

  public static PartySettings read(byte[] json) {
    return Json.read(json, PartySettings.class);
  }

  /** The document as the rules see it: {@code data.settings}. */
  record Data(
      List<String> purposes,
      List<String> deniedPurposes,
      List<PartyId> deniedParties,
      List<String> deniedProtocols,
      List<String> deniedColumns,
      int minGroup,
      long maxEpsilonMicros,
      long maxDeltaTrillionths,
      boolean frozen,
      List<PartyId> frozenParties,
      List<String> frozenProducts,
      List<String> frozenContracts) {}

  Data data() {
    return new Data(
        purposes,
        deniedPurposes,
        deniedParties,
        deniedProtocols,
        deniedColumns,
        minGroup,
        maxEpsilon.micros(),
        PolicyInput.trillionths("maxDelta", maxDelta),
        frozen,
        frozenParties,
        frozenProducts,
        frozenContracts);
  }

  private static void checkPurpose(String at, String code) {
    if (!PURPOSE.matcher(code).matches()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, at, "a code such as audience.overlap", code);
    }
  }

  private static <T> List<T> bounded(String at, List<T> list) {
    if (list.size() > LIST_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE, at, "at most " + LIST_MAX + " entries", "" + list.size());
    }
    return List.copyOf(list);
  }
}

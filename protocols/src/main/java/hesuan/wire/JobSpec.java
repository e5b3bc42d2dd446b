package hesuan.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What an analyst asks for, with every default written in. The planner reads it from YAML or JSON;
 * this is the accepted copy that travels and is signed.
 *
 * @param inputs by alias; several references under one alias are one table held in parts by several
 *     parties
 */
public record JobSpec(
    String apiVersion,
    String kind,
    Metadata metadata,
    Purpose purpose,
    ContractId contract,
    Map<String, List<ProductRef>> inputs,
    What what,
    Privacy privacy,
    List<Output> outputs,
    Run run) {

  public record Metadata(String name, String submitToken) {}

  /**
   * @param retention ISO 8601 period for which receivers may keep the output
   */
  public record Purpose(String code, String basis, String retention) {}

  /** Exactly one of the two is set. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record What(@Nullable Template template, @Nullable String sql) {}

  /**
   * @param parameters checked by the template's own reader in the planner
   */
  public record Template(String name, JsonNode parameters) {}

  /**
   * @param unit the id column: whom the promise protects
   * @param delta a decimal such as {@code "0.0000001"}
   * @param maxGroups groups to which one unit may contribute
   * @param maxRows rows that one unit may contribute to one group
   * @param keys {@code public}: groups are known without the rows; {@code private}: where they are
   *     not, the owners select them
   * @param matches of a query over two joined tables, as {@link Plan.Matches}
   * @param noise {@code own}: each owner of a query's table adds all the noise that its people
   *     need; {@code shared}: the owners add it together
   * @param weights by which columns of a query share epsilon; a column without one has 1
   */
  public record Privacy(
      String unit,
      Epsilon epsilon,
      String delta,
      int minGroup,
      int maxGroups,
      int maxRows,
      String keys,
      String matches,
      String noise,
      Map<String, Integer> weights) {
    public Privacy {
      weights = Collections.unmodifiableMap(new TreeMap<>(weights));
    }
  }

  public record Output(String name, List<PartyId> to, String form) {
    public Output {
      to = List.copyOf(to);
    }
  }

  /**
   * @param onPartyLoss {@code fail}, or {@code continue} where the protocol tolerates a loss
   * @param aggregators over which a query's parts are added, the first opens the sum; none where
   *     their owners add them among themselves
   */
  public record Run(
      Duration deadline, int attempts, String onPartyLoss, List<PartyId> aggregators) {
    public Run {
      aggregators = List.copyOf(aggregators);
    }
  }

  public JobSpec {
    Map<String, List<ProductRef>> copy = new TreeMap<>();
    inputs.forEach((alias, refs) -> copy.put(alias, List.copyOf(refs)));
    inputs = Collections.unmodifiableMap(copy);
    outputs = List.copyOf(outputs);
  }

  public Digest digest() {
    return Digest.ofDocument(this);
  }
}

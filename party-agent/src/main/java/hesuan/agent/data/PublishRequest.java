package hesuan.agent.data;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.wire.Chance;
import hesuan.wire.Epsilon;
import hesuan.wire.Product;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the owner says when it publishes; schema, fingerprint and size are read from the source.
 *
 * @param source as {@code docs/connectors.md} shows
 * @param rowFilter the party's own predicate: rows outside it do not exist for any job
 * @param budget epsilon that all jobs ever may spend on this product, of every version
 * @param budgetDelta with which that may fail; null: as it stands, or the usual
 * @param rate how fast it may be spent; null: all at once
 */
public record PublishRequest(
    String name,
    String title,
    JsonNode source,
    Product.Id id,
    List<Product.DisclosureRule> rules,
    Product.Terms terms,
    @Nullable String rowFilter,
    Epsilon budget,
    @Nullable Chance budgetDelta,
    @Nullable Rate rate) {

  /** At most so much in any so many days in a row. */
  public record Rate(Epsilon epsilon, int days) {}

  public PublishRequest {
    rules = List.copyOf(rules);
  }
}

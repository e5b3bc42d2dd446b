package hesuan.agent.data;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.wire.Epsilon;
import hesuan.wire.Product;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the owner says when it publishes; schema, fingerprint and size are read from the source.
 *
 * @param source as {@code docs/connectors.md} shows
 * @param rowFilter the party's own predicate: rows outside it do not exist for any job
 * @param budget epsilon that one period allows for this product
 * @param periodDays length of a period, or 0: one budget for ever
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
    int periodDays) {
  public PublishRequest {
    rules = List.copyOf(rules);
  }
}

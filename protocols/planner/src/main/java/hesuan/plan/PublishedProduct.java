package hesuan.plan;

import hesuan.wire.Digest;
import hesuan.wire.Product;

/**
 * A product as its owner signed it.
 *
 * @param document digest of the signed bytes; whoever calls has verified the signature
 */
public record PublishedProduct(Product product, Digest document) {
  public static PublishedProduct of(Product product) {
    return new PublishedProduct(product, Digest.ofDocument(product));
  }
}

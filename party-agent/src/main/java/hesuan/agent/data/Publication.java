package hesuan.agent.data;

import hesuan.ids.IdQuality;
import hesuan.wire.Product;

/** A version that was just published, and what its identifiers were worth. */
public record Publication(Product product, IdQuality quality) {}

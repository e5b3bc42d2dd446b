package hesuan.agent.step;

import hesuan.source.IdSet;
import java.io.IOException;

/**
 * People whom this party keeps once the job is released: some of its own, in its own domain. They
 * are in no message and in no result document.
 *
 * @param column how the party's product names the identifier
 */
public record KeptPeople(String column, Ids ids) implements AutoCloseable {
  /** Identifiers that can be gone through, and are wiped when closed. */
  public interface Ids extends AutoCloseable {
    void forEach(Visitor visitor) throws IOException;

    @Override
    void close();
  }

  /** Sees one identifier, from (inclusive) to (exclusive), which it may not keep. */
  @FunctionalInterface
  public interface Visitor {
    void accept(byte[] bytes, int from, int to) throws IOException;
  }

  /**
   * Some of a set in memory.
   *
   * @param kept places in {@code ids}, ascending
   */
  public static KeptPeople of(String column, IdSet ids, int[] kept) {
    return new KeptPeople(
        column,
        new Ids() {
          @Override
          public void forEach(Visitor visitor) throws IOException {
            for (int i : kept) {
              visitor.accept(ids.arena(), ids.offset(i), ids.offset(i) + ids.length(i));
            }
          }

          @Override
          public void close() {
            ids.close();
          }
        });
  }

  @Override
  public void close() {
    ids.close();
  }
}

package hesuan.agent.step;

import hesuan.source.IdSet;
import hesuan.source.PeopleItems;
import hesuan.wire.Plan;
import java.io.IOException;

/**
 * People whom this party keeps once the job is released: some of its own, in its own domain. They
 * are in no message and in no result document.
 *
 * @param column how the party's product names the identifier
 * @param format of the file that they end in
 */
public record KeptPeople(String column, Ids ids, Plan.ListFormat format) implements AutoCloseable {
  /** Identifiers that can be gone through, and are wiped when closed. */
  public interface Ids extends AutoCloseable {
    void forEach(PeopleItems.Visitor visitor) throws IOException;

    @Override
    void close();
  }

  /**
   * Some of a set in memory.
   *
   * @param kept places in {@code ids}, ascending
   */
  public static KeptPeople of(String column, IdSet ids, int[] kept, Plan.ListFormat format) {
    return new KeptPeople(
        column,
        new Ids() {
          @Override
          public void forEach(PeopleItems.Visitor visitor) throws IOException {
            for (int i : kept) {
              visitor.accept(ids.arena(), ids.offset(i), ids.offset(i) + ids.length(i));
            }
          }

          @Override
          public void close() {
            ids.close();
          }
        },
        format);
  }

  @Override
  public void close() {
    ids.close();
  }
}

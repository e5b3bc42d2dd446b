package hesuan.agent.step;

import hesuan.source.IdSet;

/**
 * People whom this party keeps once the job is released: some of its own, in its own domain. They
 * are in no message and in no result document.
 *
 * @param column how the party's product names the identifier
 * @param kept places in {@code ids}, ascending
 */
public record KeptPeople(String column, IdSet ids, int[] kept) implements AutoCloseable {
  @Override
  public void close() {
    ids.close();
  }
}

package hesuan.dp.audit;

import hesuan.dp.BitPool;

/**
 * A pipeline and what it promises.
 *
 * @param name of the pipeline
 * @param mutation the fault seeded into it, or none
 * @param epsilon promised
 * @param delta promised, 0 for none
 * @param observation runs it
 */
public record AuditCase(
    String name, Mutation mutation, double epsilon, double delta, Observation observation) {

  /** One run on one of two neighbouring databases. */
  public interface Observation {
    /**
     * What an attacker makes of the release: a number that is high if the person seems to be there.
     * Any function of the release is allowed.
     */
    long observe(BitPool bits, boolean withPerson);
  }
}

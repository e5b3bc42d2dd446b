/**
 * A job at this party: its stored life, the decision to take part, one attempt at its steps, and
 * the release. {@code hesuan.job.PartyJobLife} says what happens next; this package makes it
 * happen.
 */
@org.jspecify.annotations.NullMarked
package hesuan.agent.job;

/**
 * The life of a job, as pure functions: {@link hesuan.job.JobLife} is the coordinator's view of it,
 * {@link hesuan.job.PartyJobLife} one party's. A driver stores the state that a step returns
 * (together with its {@link hesuan.job.PartyJobEffect.Stored} effects, in one transaction) and only
 * then carries out the rest; what a crash swallowed is found again by asking the stored state what
 * is {@code due}. Every message may therefore come twice, late or out of order.
 */
@org.jspecify.annotations.NullMarked
package hesuan.job;

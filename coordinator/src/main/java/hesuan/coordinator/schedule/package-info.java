/**
 * Jobs: accepted once, stored before anything is done about them, and driven to a stated verdict.
 * What happens next is decided by {@link hesuan.job.JobLife}; here it is stored, carried out, and
 * carried out again until the parties have acknowledged it. {@link Scheduler} has the turn; beside
 * it stand who is missing ({@code Absence}), whose word counts ({@code Verdicts}), what becomes of
 * a job before its first turn ({@link Planning}), and plans that are only asked about ({@link
 * PlanAsks}).
 */
@org.jspecify.annotations.NullMarked
package hesuan.coordinator.schedule;

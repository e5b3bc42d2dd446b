/**
 * Jobs: accepted once, stored before anything is done about them, and driven to a stated verdict.
 * What happens next is decided by {@link hesuan.job.JobLife}; here it is stored, carried out, and
 * carried out again until the parties have acknowledged it.
 */
@org.jspecify.annotations.NullMarked
package hesuan.coordinator.schedule;

/**
 * What may be computed on, and under which agreement: data products as their owners signed them,
 * and contracts with the signatures collected so far. Both are append-only here; a withdrawal is a
 * mark, and takes effect on the next step of running jobs.
 */
@org.jspecify.annotations.NullMarked
package hesuan.coordinator.catalogue;

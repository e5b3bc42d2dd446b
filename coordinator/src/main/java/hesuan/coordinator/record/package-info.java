/**
 * What remains: the federation's log, the receipts in it, and the ledgers replayed from them. The
 * log is the coordinator's own; what parties say goes in as they signed it.
 */
@org.jspecify.annotations.NullMarked
package hesuan.coordinator.record;

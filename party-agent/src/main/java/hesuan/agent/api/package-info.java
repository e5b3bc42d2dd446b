/**
 * The agent's own HTTPS API, for the party's own people and tools and nobody else: its products,
 * contracts, jobs, results, receipts and budget.
 */
@org.jspecify.annotations.NullMarked
package hesuan.agent.api;

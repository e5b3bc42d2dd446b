/**
 * {@code hesuan bench}: one class per bench. A protocol between parties runs as one process for
 * each, over the data plane that agents use ({@link hesuan.cli.bench.ProcessBench}); what one party
 * does alone runs in this process ({@link hesuan.cli.bench.Bench}). All give {@link
 * hesuan.cli.bench.Figures}.
 */
@org.jspecify.annotations.NullMarked
package hesuan.cli.bench;

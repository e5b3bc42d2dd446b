/**
 * Tries to tell neighbouring databases apart by what is released about them, more often than
 * epsilon and delta allow. Whole pipelines are run, from rows to released figures, and beside each
 * of them mutants with a seeded fault: an audit that doesn't reject those proves nothing.
 */
@org.jspecify.annotations.NullMarked
package hesuan.dp.audit;

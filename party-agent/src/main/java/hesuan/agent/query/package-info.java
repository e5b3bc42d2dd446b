/** The local part of a question: SQL over this party's own rows, bounded per person, in DuckDB. */
@org.jspecify.annotations.NullMarked
package hesuan.agent.query;

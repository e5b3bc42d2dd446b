/**
 * A party's own expression on its own data: a row filter or a derived column in the DuckDB dialect.
 * {@link hesuan.sandbox.Expression} is text that was parsed, compared with an allow-list and
 * written anew; {@link hesuan.sandbox.SandboxConnection} runs it with bounds on memory, threads,
 * time and files. Two walls: what passes the first meets the second.
 */
@org.jspecify.annotations.NullMarked
package hesuan.sandbox;

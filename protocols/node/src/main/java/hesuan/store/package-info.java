/**
 * A node's database: one SQLite file, whole or not at all. Every change runs in a named transaction
 * that is on the disk before it returns; tables come from numbered SQL files that may only be added
 * to.
 */
@org.jspecify.annotations.NullMarked
package hesuan.store;

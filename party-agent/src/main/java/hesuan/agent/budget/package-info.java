/**
 * This party's privacy budget: a chain of entries that says what was allowed, reserved, charged and
 * freed, the tables that answer from it, and the heads of it that others keep, by which a disk that
 * was put back to an older day is found out.
 */
@org.jspecify.annotations.NullMarked
package hesuan.agent.budget;

/**
 * Which of its items a party shares with all of two to nine others, and nothing of what fewer
 * share: {@code docs/protocols/many-psi.md}. {@link hesuan.psi.many.ManyIntersection} is the whole
 * of it for every party; the leader and the pivot end with a two-party intersection of {@code
 * hesuan.psi}.
 */
@org.jspecify.annotations.NullMarked
package hesuan.psi.many;

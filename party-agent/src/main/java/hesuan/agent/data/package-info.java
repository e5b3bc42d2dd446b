/** The party's own products: what is published of them, where their rows lie, and reading those. */
@org.jspecify.annotations.NullMarked
package hesuan.agent.data;
